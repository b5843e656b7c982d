const shell = /^(?:(?:ba|da|z|k|a|fi)?sh)$/;
const interpreter = /^(?:node|deno|bun|python|perl|ruby|php)$/;

/**
 * Returns the index of the item of a command that a shell or another interpreter would read as code, as in
 * `[sh, -c, CODE]` or `[sudo, python3, -c, CODE]`; undefined if there is none.
 */
export function scriptIndex(argv: readonly string[]): number | undefined {
  const names = argv.map((item) => (item.split("/").at(-1) ?? "").replace(/[\d.]+$/, ""));
  const program = names.findIndex((name) => shell.test(name) || interpreter.test(name));
  if (program === -1) return undefined;
  const takesCode = shell.test(names[program] ?? "")
    ? /^-[a-zA-Z]*c$/
    : /^(?:-[a-zA-Z]*[ce]|-r|--eval|--print)$/;
  const flag = argv.findIndex((item, index) => index > program && takesCode.test(item));
  return flag === -1 ? undefined : flag + 1;
}
