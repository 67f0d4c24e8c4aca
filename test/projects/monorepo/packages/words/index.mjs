export const greeting = 'good morning';
