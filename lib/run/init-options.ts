import {
  type Answer,
  readBuildPath,
  readEngine,
  readImage,
  readRegion,
  readRemote,
  readUser,
} from "../project/init-answers.js";
import type { EngineChoice } from "../engine/engine.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { FlagName } from "./flags.js";

/** Answers to the questions of `init`, from flags. */
export interface InitOptions {
  /** A url. */
  readonly remote?: string;
  readonly region?: string;
  readonly image?: string;
  readonly build?: string;
  readonly user?: string;
  readonly engine?: EngineChoice;
  /** Use devcontainer.json, or ignore it. */
  readonly devcontainer?: boolean;
}

/** Values of flags as `parseArgs` returns them. */
type Values = Readonly<Partial<Record<FlagName, string | boolean | (string | boolean)[] | undefined>>>;

/** Reads the flags of `init`. Failure: `usage`, which names the values that are allowed. */
export function parseInit(values: Values, folder: string): Result<InitOptions> {
  const readers: Readonly<Record<string, (text: string) => Answer<string>>> = {
    remote: (text) => readRemote(text, folder),
    region: readRegion,
    image: readImage,
    build: readBuildPath,
    user: readUser,
    engine: readEngine,
  };
  const options: Record<string, string | boolean> = {};
  for (const [name, read] of Object.entries(readers)) {
    const given = values[name as FlagName];
    if (typeof given !== "string") continue;
    const answer = read(given);
    if ("expected" in answer)
      return fail({
        kind: "usage",
        message: `--${name} takes ${answer.expected}; not ${JSON.stringify(given)}.`,
        hint: "See `tazpod init --help`.",
      });
    options[name] = answer.value;
  }
  const [from, no] = [values["from-devcontainer"], values["no-devcontainer"]];
  for (const [one, other, both] of [
    ["--image", "--build", values.image !== undefined && values.build !== undefined],
    ["--from-devcontainer", "--no-devcontainer", from === true && no === true],
  ] as const)
    if (both) return fail({ kind: "usage", message: `${one} and ${other} exclude each other.` });
  if (from === true || no === true) options["devcontainer"] = from === true;
  return ok(options);
}
