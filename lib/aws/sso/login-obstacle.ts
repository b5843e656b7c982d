import type { FailureOf } from "../../failure/failure.js";
import { capture } from "../../host/process.js";
import type { Environment, S3Settings } from "../client-config.js";

type NoCredentials = FailureOf<"no-credentials">;

const ownLogin =
  "Set `sso:` in .tazpod/config.yaml (start_url, region, account_id, role_name): tazpod then logs in through a browser.";

/**
 * Returns why `aws sso login` cannot provide credentials for these settings, which name no login: the profile does not
 * exist, or the AWS CLI is missing or too old. Undefined when it may work. Uses no network.
 */
export async function loginObstacle(
  settings: Pick<S3Settings, "profile">,
  env: Environment,
): Promise<NoCredentials | undefined> {
  const named = settings.profile ?? (env["AWS_PROFILE"] || undefined);
  const profile = named ?? "default";
  const { parseKnownFiles } = await import("./ini-files.js");
  const known = Object.keys(await parseKnownFiles({ ignoreCache: true }));
  if (!known.includes(profile)) return noProfile(named, settings.profile === undefined, known);
  const missing = { kind: "no-credentials", profile } as const;
  const asked = await capture(["aws", "--version"], { timeoutMs: 10_000, isQuestion: true });
  if (!asked.ok)
    return asked.failure.kind === "command-missing"
      ? {
          ...missing,
          detail: `The AWS profile ${profile} has neither credentials nor a login`,
          hint: ownLogin,
        }
      : undefined;
  const version = /aws-cli\/(1\.[\d.]+)/.exec(`${asked.value.stdout.toString()}${asked.value.stderr}`)?.[1];
  return version === undefined
    ? undefined
    : {
        ...missing,
        detail: `The AWS CLI here is version ${version}, which has no \`aws sso login\``,
        hint: ownLogin,
      };
}

function noProfile(
  named: string | undefined,
  byEnvironment: boolean,
  known: readonly string[],
): NoCredentials {
  const others = known.length === 0 ? undefined : known.join(", ");
  if (named === undefined)
    return {
      kind: "no-credentials",
      detail: "There are no credentials for S3: no keys in the environment, and no AWS profile default",
      hint: `Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ${others === undefined ? "`sso:` in .tazpod/config.yaml for a login in a browser" : `AWS_PROFILE to one of ${others}`}.`,
    };
  return {
    kind: "no-credentials",
    profile: named,
    detail: `There is no profile ${named} in the AWS configuration of this host`,
    hint:
      others === undefined
        ? ownLogin
        : `Set ${byEnvironment ? "AWS_PROFILE" : "`remote.profile` in .tazpod/config.yaml"} to one of ${others}.`,
  };
}
