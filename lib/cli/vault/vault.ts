import { nearest } from "../../document/nearest.js";
import { fail, ok, type Result } from "../../failure/result.js";
import type { Arguments } from "../../run/arguments.js";
import { open } from "../../session/open.js";
import { reportFailure } from "../../run/report.js";
import type { VaultCommand } from "./types.js";

type Command = (given: VaultCommand) => Promise<Result<void>>;

const names = ["ls", "verify", "diff", "export", "import"] as const;

/** `tazpod vault NAME`: looks at the sealed vault; only import writes one. */
export async function vaultCommand(args: Arguments, words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  const command = await find(name);
  if (!command.ok) return reportFailure(command.failure, args.json);
  const setting = await open(args.project, args.options);
  if (!setting.ok) return reportFailure(setting.failure, args.json);
  const { recipe, services, interrupts } = setting.value;
  const { project } = services;
  if (!project.initialised) return reportFailure({ kind: "no-project", from: project.root }, args.json);
  interrupts.watch();
  try {
    const context = services.context(recipe, undefined, interrupts.signal, () => undefined);
    const outcome = await command.value({ json: args.json, words: rest, context });
    return outcome.ok ? 0 : reportFailure(outcome.failure, args.json);
  } finally {
    interrupts.unwatch();
    services.session.end();
  }
}

async function find(name: string | undefined): Promise<Result<Command>> {
  switch (name) {
    case "ls":
      return ok((await import("./ls.js")).ls);
    case "verify":
      return ok((await import("./verify.js")).verify);
    case "diff":
      return ok((await import("./diff.js")).diff);
    case "export":
      return ok((await import("./export.js")).exportTar);
    case "import":
      return ok((await import("./import.js")).importVault);
    case undefined:
      return fail({
        kind: "usage",
        message: `vault does what? One of: ${names.join(", ")}.`,
        hint: "See `tazpod vault --help`.",
      });
    default: {
      const close = nearest(name, [...names]);
      return fail({
        kind: "unknown-name",
        what: "vault command",
        name,
        ...(close === undefined ? { known: names } : { nearest: close }),
      });
    }
  }
}
