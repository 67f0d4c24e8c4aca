/** Characters kept of a text that somebody else decides the length of. */
const longest = 500;

/** A guest must not be able to write escape sequences to the terminal of the person who reads its words. */
export function printable(text: string): string {
  return text
    .slice(0, longest)
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
}

/**
 * JSON text that says the same with escapes in place of what terminals act on. JSON itself only forbids the first 32 control characters; a
 * guest's words may hold the others (U+009B begins an escape sequence as well) and those that turn the direction of writing.
 */
export function printableJson(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, unit) => String.raw`\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
