/**
 * A text as roff takes it literally (groff(7), "Escape sequences"). Minus signs are those one can copy into a shell; what is not ASCII is named by its
 * code point, so that the page needs no preprocessor.
 */
export function roffText(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll('"', String.raw`\(dq`)
    .replaceAll("'", String.raw`\(aq`)
    .replaceAll('`', String.raw`\(ga`)
    .replaceAll('^', String.raw`\(ha`)
    .replaceAll('~', String.raw`\(ti`)
    .replaceAll(
      /[^\p{ASCII}]/gu,
      (character) =>
        String.raw`\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replaceAll(/^(?=\.)/gm, String.raw`\&`);
}

/** A macro and its arguments, each one word to roff whatever is in it. */
export function macro(name: string, ...args: readonly string[]): string {
  return [`.${name}`, ...args.map((arg) => `"${roffText(arg)}"`)].join(' ');
}

/**
 * Text as commands have it behind their options: paragraphs between blank lines are filled, except lines that are indented, which
 * are examples and stay as they are.
 */
export function roffParagraphs(text: string): string[] {
  return text
    .trim()
    .split(/\n{2,}/)
    .flatMap((block) => ['.PP', ...runsOf(block.split('\n')).flatMap(roffRun)]);
}

function runsOf(lines: readonly string[]): { indented: boolean; lines: string[] }[] {
  const runs: { indented: boolean; lines: string[] }[] = [];
  for (const line of lines) {
    const indented = line.startsWith('  ');
    const last = runs.at(-1);
    if (last?.indented === indented) last.lines.push(line);
    else runs.push({ indented, lines: [line] });
  }
  return runs;
}

function roffRun({ indented, lines }: { indented: boolean; lines: readonly string[] }): string[] {
  if (!indented) return lines.map((line) => roffText(line.trim()));
  return ['.RS 4', '.nf', ...lines.map((line) => roffText(line.slice(2))), '.fi', '.RE'];
}
