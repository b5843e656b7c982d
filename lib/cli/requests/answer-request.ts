import { nearest } from "../../document/nearest.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { quoted, withEscapes } from "../../host/quoted.js";
import { printJson, printResult } from "../../host/screen.js";
import type { Answer } from "../../requests/request.js";
import type { Arguments } from "../../run/arguments.js";
import { inUntrustedProject } from "../in-project.js";
import { describeAnswer, type OpenRequest, openRequests, sendAnswer } from "./open-requests.js";

/** `tazpod approve ID`: allows a waiting request. */
export function approveCommand(args: Arguments, [id = ""]: readonly string[]): Promise<number> {
  const { minutes } = args;
  return answerRequest(args, id, minutes === undefined ? { answer: "once" } : { answer: "minutes", minutes });
}

/** `tazpod deny ID`: denies a waiting request, or stops what runs. */
export function denyCommand(args: Arguments, [id = ""]: readonly string[]): Promise<number> {
  return answerRequest(args, id, { answer: args.always ? "never" : "deny" });
}

function answerRequest(args: Arguments, id: string, answer: Answer): Promise<number> {
  return inUntrustedProject(args, async ({ services: { project } }) => {
    const found = await findRequest(project.root, id);
    if (!found.ok) return found;
    const problem = await sendAnswer(found.value, answer);
    if (problem !== undefined)
      return fail({
        kind: "precondition",
        task: "requests",
        message: problem,
        hint: "`tazpod requests` shows what waits.",
      });
    const { request } = found.value;
    if (args.json) printJson({ answer: answer.answer, request });
    else printResult(answerText(found.value, answer));
    return ok(undefined);
  });
}

/** Failures: `precondition` without a session or a request, and `unknown-name`. */
async function findRequest(root: string, id: string): Promise<Result<OpenRequest>> {
  const found = await openRequests(root);
  if (!found.ok) return found;
  const { sessions, requests } = found.value;
  if (sessions === 0)
    return fail({
      ...{ kind: "precondition", task: "requests" },
      message: "No session of this project receives requests.",
      hint: "`tazpod run enter` opens one; `session.requests` in the config must not be off.",
    });
  const request = requests.find((one) => one.request.id === id);
  if (request !== undefined) return ok(request);
  const known = requests.map((one) => withEscapes(one.request.id));
  if (known.length === 0)
    return fail({
      kind: "precondition",
      task: "requests",
      message: `There is no request ${quoted(id)}: none waits.`,
    });
  const close = nearest(id, known);
  return fail({
    kind: "unknown-name",
    what: "request",
    name: id,
    ...(close === undefined ? { known } : { nearest: close }),
  });
}

function answerText({ request: { id, state, command } }: OpenRequest, answer: Answer): string {
  const { parts, folder, argv, write } = command;
  const shown =
    parts.length === 0
      ? "no part"
      : `${parts.length === 1 ? "the part" : "the parts"} ${parts.map(withEscapes).join(", ")}`;
  return [
    `✔ Request ${id} ${describeAnswer(answer, state === "running")}: with ${shown}, in ${quoted(folder)}${write ? ", with changes of the project brought back" : ""}`,
    ...argv.map((word, index) => `  ${index + 1}  ${quoted(word)}`),
  ].join("\n");
}
