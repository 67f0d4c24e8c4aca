export { fetchPac, type FetchPac, PacFile } from './pac-file.js';
export { parsePacAnswer } from './pac-answer.js';
export { PacFailure, type PacFinder, PacRunner, type PacRunnerOptions } from './pac-runner.js';
