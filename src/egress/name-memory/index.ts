export { type DnsAnswer, rcodes, readAnswer, writeAnswer } from './answer.js';
export { NameMemory } from './name-memory.js';
export { type DnsQuestion, readQuestion, writeQuestion } from './question.js';
