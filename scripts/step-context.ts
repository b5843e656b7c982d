import { readFileSync } from "node:fs";
import { wrapItem } from "./wrap.js";

const source = (path: string): string => readFileSync(new URL(`../../lib/${path}`, import.meta.url), "utf8");

/** Returns the members of an interface with their comments, as one sentence or more each. */
export function membersOf(text: string, name: string): ReadonlyMap<string, string> {
  const [, body] = new RegExp(`interface ${name}\\b[^{]*\\{\\n([^]*?)\\n\\}`).exec(text) ?? [];
  if (body === undefined) throw new Error(`there is no interface ${name}`);
  const members = new Map<string, string>();
  for (const [, comment = "", member = ""] of body.matchAll(
    /(?:\/\*\*([^]*?)\*\/\s*)?^ {2}readonly (\$|\w+)\??:/gm,
  )) {
    if (comment === "") throw new Error(`${name}.${member} has no comment`);
    members.set(member, comment.replaceAll(/\s*\n?\s*\*?\s+/g, " ").trim());
  }
  return members;
}

/** Returns the page about steps with the members of their context, as the comments of the code describe them. */
export function withStepContext(page: string): string {
  const runner = source("run/run-context.ts");
  const context = new Map([
    ...membersOf(runner, "RunContext"),
    ...membersOf(source("session/step.ts"), "StepContext"),
  ]);
  return [
    ["context", context],
    ["inside", membersOf(runner, "InsideProgram")],
  ].reduce<string>(
    (text, [name, members]) => withList(text, name as string, members as typeof context),
    page,
  );
}

function withList(page: string, name: string, members: ReadonlyMap<string, string>): string {
  const block = new RegExp(`(<!-- ${name}: [^>]*-->\\n\\n)[^]*?(<!-- /${name} -->)`);
  if (!block.test(page)) throw new Error(`the page has no block for ${name}`);
  const list = [...members].map(([member, text]) => wrapItem(`\`${member}\`: ${text}`)).join("\n");
  return page.replace(block, (_, before: string, after: string) => `${before}${list}\n\n${after}`);
}
