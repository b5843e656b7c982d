import { capture } from "../host/process.js";
import type { Environment, S3Settings } from "./client-config.js";

/** Why there are no credentials, and what to do. */
export interface MissingCredentials {
  readonly reason: string;
  readonly hint: string;
}

/** How long a `credential_process` may take, in ms. */
const processMs = 15_000;
const maxShown = 300;

/**
 * Finds out why the AWS configuration gives no credentials: the SDK tries one source after another and reports only that
 * none had any. Runs a `credential_process` again to learn what it says. Undefined when the reason is not known.
 */
export async function explainMissing(
  { profile: configured, sso }: S3Settings,
  env: Environment,
  signal: AbortSignal | undefined,
): Promise<MissingCredentials | undefined> {
  if (sso?.portal !== undefined) return undefined;
  const named = configured ?? (env["AWS_PROFILE"] || undefined);
  const profile = named ?? "default";
  const { parseKnownFiles } = await import("./sso/ini-files.js");
  const files = await parseKnownFiles({ ignoreCache: true });
  const section = files[profile];
  if (section === undefined)
    return named === undefined
      ? undefined
      : {
          reason: `the AWS configuration has no profile ${profile}`,
          hint: "Check remote.profile in .tazpod/config.yaml, AWS_PROFILE, and ~/.aws/config.",
        };
  const source = section["source_profile"];
  if (source !== undefined && files[source] === undefined)
    return {
      reason: `profile ${profile} takes its credentials from the profile ${source} (source_profile), which does not exist`,
      hint: "Add it to ~/.aws/config or ~/.aws/credentials.",
    };
  if (section["role_arn"] !== undefined && section["mfa_serial"] !== undefined)
    return {
      reason: `profile ${profile} needs a multi-factor code (mfa_serial), for which tazpod cannot ask`,
      hint: "Put the keys of `aws sts get-session-token` into the environment, or use a credential_process.",
    };
  const command = section["credential_process"];
  if (command === undefined) return undefined;
  return explainProcess(profile, command, signal);
}

async function explainProcess(
  profile: string,
  command: string,
  signal: AbortSignal | undefined,
): Promise<MissingCredentials> {
  const what = `the credential_process of profile ${profile}`;
  const hint = "Run it by itself to see what it needs.";
  const done = await capture(["sh", "-c", command], {
    timeoutMs: processMs,
    signal,
  });
  if (!done.ok) return { reason: `${what} did not finish`, hint };
  const { code, stdout, stderr } = done.value;
  stdout.fill(0);
  if (code === 0) return { reason: `${what} printed no valid credentials`, hint };
  const said = stderr.trim().slice(-maxShown);
  return {
    reason: `${what} failed with exit code ${code}${said === "" ? "" : `: ${said}`}`,
    hint: "Do what it says, then run it again.",
  };
}
