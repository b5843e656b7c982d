import { now } from "./clock.js";
import { printable } from "./printable.js";
import { stderr } from "./standard-streams.js";

/**
 * Begins a group of lines that the log of a CI system can fold; returns a function that ends it. Does nothing elsewhere.
 * The forms are those of GitHub Actions (`::group::`), GitLab (`section_start`) and Azure Pipelines (`##[group]`).
 */
export function startLogGroup(title: string): () => void {
  const { env } = process;
  const name = printable(title);
  if (env["GITHUB_ACTIONS"] === "true") return group(`::group::${name}`, "::endgroup::");
  if (env["TF_BUILD"] === "True") return group(`##[group]${name}`, "##[endgroup]");
  if (env["GITLAB_CI"] === "true") {
    const seconds = (): number => Math.floor(now().getTime() / 1000);
    const id = `tazpod_${process.pid}_${++sections}`;
    return group(
      `\u001b[0Ksection_start:${seconds()}:${id}\r\u001b[0K${name}`,
      () => `\u001b[0Ksection_end:${seconds()}:${id}\r\u001b[0K`,
    );
  }
  return () => undefined;
}

let sections = 0;

function group(begin: string, end: string | (() => string)): () => void {
  const write = (line: string): void => void stderr().write(`${line}\n`);
  write(begin);
  return () => write(typeof end === "string" ? end : end());
}
