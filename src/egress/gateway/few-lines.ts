const most = 20;
const windowMs = 1000;

/** Threat: a container that is refused again and again fills the terminal, or the log, of whoever runs this. Says so many lines a second, and then how many it did not say. */
export function fewLines(say: (line: string) => void, now = () => performance.now()): (line: string) => void {
  let since = -Infinity;
  let count = 0;
  return (line) => {
    if (now() - since >= windowMs) {
      if (count > most) say(`${count - most} lines more were not shown`);
      since = now();
      count = 0;
    }
    count += 1;
    if (count <= most) say(line);
  };
}
