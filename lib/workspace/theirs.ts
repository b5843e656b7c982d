/** Linux allows 255 bytes for a name. */
const roomBytes = 230;

/** The name beside a file for the other side's: `NAME.theirs`, or that with a number, which is free. */
export function conflictName(path: string, isFree: (path: string) => boolean): string {
  const slash = path.lastIndexOf("/") + 1;
  let name = path.slice(slash);
  while (Buffer.byteLength(name) > roomBytes) name = [...name].slice(0, -1).join("");
  for (let count = 1; ; count++) {
    const found = `${path.slice(0, slash)}${name}.theirs${count === 1 ? "" : `-${count}`}`;
    if (isFree(found)) return found;
  }
}
