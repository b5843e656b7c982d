import { sleep } from "../../host/clock.js";
import type { Failure, FailureOf } from "../../failure/failure.js";
import { capture, type Finished, type ProcessOptions } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import type { KubernetesSettings } from "./settings.js";

/** Runs kubectl. Its own errors are `engine-unavailable`; the caller reads all other results. */
export type RunKubectl = (argv: readonly string[], options?: ProcessOptions) => Promise<Result<Finished>>;

const answerMs = 20_000;

/** Returns the words before every command of kubectl. `program` is TAZPOD_KUBECTL or kubectl. */
export function kubectlCommand(
  { context, namespace }: Pick<KubernetesSettings, "context" | "namespace">,
  program: string = process.env["TAZPOD_KUBECTL"] || "kubectl",
): string[] {
  return [
    program,
    ...(context === undefined ? [] : [`--context=${context}`]),
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
  ];
}

/**
 * Returns a runner for questions and orders that are over at once. A refused connection is tried again for a moment, since
 * nothing has reached the server then.
 */
export function kubectlRunner(command: readonly string[]): RunKubectl {
  return async (argv, options = {}) => {
    for (let left = 4; ; left -= 1) {
      const done = await capture([...command, "--request-timeout=15s", ...argv], {
        timeoutMs: answerMs,
        isQuestion: true,
        ...options,
      });
      if (!done.ok) return fail(startFailure(done.failure));
      const known = done.value.code === 0 ? undefined : unavailable(done.value.stderr);
      if (known === undefined) return ok({ ...done.value, stderr: ownWords(done.value.stderr) });
      if (left === 0 || !isRefused(known.detail)) return fail(known);
      await sleep(500);
    }
  };
}

/** Tells whether an error says that the connection was refused, so that nothing has reached the server. */
export const isRefused = (stderr: string): boolean => /was refused|connection refused/i.test(stderr);

/** What kubectl prints when it cannot talk to the cluster, the first match counts. Texts of kubectl 1.20 to 1.35. */
const errors: readonly (readonly [RegExp, FailureOf<"engine-unavailable">["why"]])[] = [
  [
    /context "[^"]*" does not exist|no configuration has been provided|context was not found|stat .*kubeconfig|error loading config/i,
    "configuration",
  ],
  [
    /must be logged in to the server|\(Unauthorized\)|getting credentials|token (has )?expired|certificate has expired/i,
    "credentials",
  ],
  [
    /unable to connect to the server|was refused|connection refused|no such host|i\/o timeout|context deadline exceeded|TLS handshake|connection reset by peer|: EOF$|unexpected error when reading response body|http2: client connection lost|server is currently unable|etcdserver|ServiceUnavailable|apiserver not ready/im,
    "not-answering",
  ],
];

/**
 * An entry of client-go's log, a text of several lines in `err=<` and ` >`. From kubectl 1.24 on, it has each API that the
 * cluster could not list, such as that of a metrics server that is down; kubectl continues without them.
 */
const logEntry = /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ .*\n?(?:\t.*\n)*(?: >\n?)?/gm;

const ownWords = (stderr: string): string => stderr.replace(logEntry, "");

/** The cluster's list of types did not arrive: every cluster has those that tazpod asks for. */
const noTypes = /^error: the server doesn't have a resource type/m;
const whyNoTypes = /couldn't get resource list for v1: (.*?)"?$/m;

/** Returns why the cluster is not available, or undefined if the error is another. */
export function unavailable(stderr: string): FailureOf<"engine-unavailable"> | undefined {
  const said = ownWords(stderr);
  const failed = (why: FailureOf<"engine-unavailable">["why"], detail: string) =>
    ({ kind: "engine-unavailable", engine: "kubernetes", why, detail }) as const;
  if (noTypes.test(said)) {
    const logged = whyNoTypes.exec(stderr)?.[1]?.replaceAll('\\"', '"');
    return failed("not-answering", logged ?? lastLine(said));
  }
  for (const [pattern, why] of errors) {
    const line = said.split("\n").findLast((each) => pattern.test(each));
    if (line !== undefined) return failed(why, lastLine(line));
  }
  return undefined;
}

/** Returns the last line, which has kubectl's error; the lines before are its retries. */
export function lastLine(text: string): string {
  return (text.trimEnd().split("\n").at(-1) ?? "").replace(/^(error|Error from server): /i, "");
}

/** Turns a failure to start kubectl, or to get an answer from it, into `engine-unavailable`. */
export function startFailure(failure: Failure): Failure {
  if (failure.kind === "command-missing")
    return { kind: "engine-unavailable", engine: "kubernetes", why: "missing", detail: failure.hint };
  if (failure.kind === "timeout")
    return {
      ...{ kind: "engine-unavailable", engine: "kubernetes", why: "not-answering" },
      detail: `no answer within ${failure.ms / 1000} s`,
    };
  return failure;
}
