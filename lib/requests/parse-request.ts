import { posix } from "node:path";
import { workspace } from "../engine/container-paths.js";
import { requestLimit } from "./ask-script.js";
import type { RequestedCommand } from "./request.js";

/** A request as it was read, with the program that made it. */
export interface ParsedRequest {
  readonly command: RequestedCommand;
  /** The command line of the program that ran `tazpod-ask`, as the container tells it. */
  readonly asker: string;
}

/** The most of a reason and of the asker's command line that is kept, in characters. */
const longest = { why: 500, asker: 200 } as const;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Parses the fields of a request: see ask-script.ts. Returns a sentence that says what is wrong with it, for the program
 * that made it.
 */
export function parseRequest(bytes: Buffer): ParsedRequest | string {
  if (bytes.length > requestLimit) return `the request is longer than ${requestLimit} bytes.`;
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes)) return "the request is no text in UTF-8.";
  if (!text.endsWith("\0")) return "the request is not complete.";
  const fields = text.slice(0, -1).split("\0");
  const end = fields.indexOf("command");
  const argv = fields.slice(end + 1);
  if (end === -1 || argv.length === 0 || argv[0] === "") return "the request has no command.";
  const found = new Map<string, string[]>();
  for (const field of fields.slice(0, end)) {
    const at = field.indexOf("=");
    const name = at === -1 ? field : field.slice(0, at);
    found.set(name, [...(found.get(name) ?? []), at === -1 ? "" : field.slice(at + 1)]);
  }
  const [part, why, env, dotenv] = ["part", "why", "env", "dotenv"].map((name) => found.get(name) ?? []) as [
    string[],
    string[],
    string[],
    string[],
  ];
  const variables = env.map((text) => {
    const at = text.indexOf("=");
    return { name: text.slice(0, at), path: text.slice(at + 1) };
  });
  const odd = variables.find(({ name, path }) => !variableName.test(name) || path === "");
  if (odd !== undefined) return `--env needs NAME=PATH, with the name of a variable.`;
  const where = posix.normalize(found.get("folder")?.[0] ?? "");
  if (where !== workspace && !where.startsWith(`${workspace}/`))
    return `requests are made in ${workspace} or a folder below it, where the command will run.`;
  if (part.length === 0) return "it names no part of the vault.";
  return {
    asker: shortened(found.get("asker")?.[0]?.trim() ?? "", longest.asker),
    command: {
      ...{ parts: [...new Set(part)], argv, folder: where.replace(/\/$/, "") },
      ...{ why: shortened(why.join(" "), longest.why), write: found.has("write") },
      ...{ variables, variableFiles: dotenv },
    },
  };
}

function shortened(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, characters)}…` : text;
}
