/** A command of busybox, by which a container looks up one name. @param type as nslookup has it. */
export const lookUp = (name: string, type = 'a'): string => `nslookup -type=${type} ${name}`;

/** What it found for the name. */
export const found = (said: string, name: string): string | undefined =>
  new RegExp(`Name:\\s+${name.replaceAll('.', String.raw`\.`)}\\s+Address(?: 1)?: (\\S+)`).exec(said)?.[1];
