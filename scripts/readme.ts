import { commandList } from "../lib/cli/help.js";

const block = /(<!-- commands: [^>]*-->\n\n)```text\n[^]*?```\n(\n<!-- \/commands -->)/;

/** Returns the README's text with its list of commands as the command table has it. */
export function withCommandList(readme: string): string {
  if (!block.test(readme)) throw new Error("README.md has no block for the commands");
  const list = commandList().replace(/^ {2}/gm, "");
  return readme.replace(
    block,
    (_, before: string, after: string) => `${before}\`\`\`text\n${list}\n\`\`\`\n${after}`,
  );
}
