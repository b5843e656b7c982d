import type { ProjectRun } from "../../session/open-project.js";
import { otherSchemas } from "../../session/schema-files.js";
import type { TrustState } from "../../trust/ensure-trusted.js";
import { clusterChecks } from "./cluster-checks.js";
import { containerCheck, engineCheck, imageCheck } from "./container-checks.js";
import { remoteChecks } from "./remote-checks.js";
import { terminalCheck } from "./host-checks.js";
import { type Check, type DoctorContext, type CheckOutcome, good, warning } from "./check.js";
import { modesCheck, passphraseCheck, vaultCheck } from "./vault-checks.js";
import { displayPath } from "../../host/paths.js";
import type { Project } from "../../project/project.js";

export function doctorContext({ recipe, services, interrupts }: ProjectRun): DoctorContext {
  const context = services.context(recipe, undefined, interrupts.signal);
  return {
    project: services.project,
    context,
    engine: once(async () => (await context.engine()).version()),
    login: once(async () => (await context.remote()).credentials(interrupts.signal)),
  };
}

/**
 * Returns the checks that apply: without a project there is no container and no vault to check, and the remote of an
 * untrusted project is not contacted.
 */
export function projectChecks(doctor: DoctorContext, trust: TrustState): Check[] {
  const { project, context } = doctor;
  const { terminal, options } = context;
  const host = [terminalCheck(terminal, options), engineCheck(doctor), ...clusterChecks(doctor)];
  const about = projectCheck(project, trust, terminal.interactive);
  if (!project.initialised) return [about, ...host];
  return [
    about,
    ...host,
    schemasCheck(project),
    imageCheck(doctor),
    containerCheck(doctor),
    ...(trust.state === "untrusted" ? [] : remoteChecks(doctor)),
    vaultCheck(project),
    modesCheck(project),
    ...passphraseFile(options.passphraseFile),
  ];
}

function passphraseFile(given: string | undefined): Check[] {
  const [path, source] =
    given === undefined
      ? [process.env["TAZPOD_PASSPHRASE_FILE"], "TAZPOD_PASSPHRASE_FILE"]
      : [given, "--passphrase-file"];
  return path === undefined ? [] : [passphraseCheck(path, source)];
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= ask());
}

/** Checks whether there is a project, and whether its overrides are trusted on this host. */
function projectCheck(project: Project, trust: TrustState, isAsked: boolean): Check {
  return { name: "project", limitMs: 1_000, run: async () => judgeProject(project, trust, isAsked) };
}

/** Checks whether editors use the schemas of this tazpod. */
function schemasCheck({ root }: Project): Check {
  return {
    name: "schemas",
    limitMs: 1_000,
    run: async () => {
      const others = await otherSchemas(root);
      if (others.length === 0) return good("none of another version");
      return warning(
        `${others.map(displayPath).join(" and ")}: of another version of tazpod`,
        "`tazpod init` writes this version's, and changes nothing else that is there.",
      );
    },
  };
}

function judgeProject(
  { root, initialised, configFile, localFile }: Project,
  { state }: TrustState,
  isAsked: boolean,
): CheckOutcome {
  if (!initialised)
    return warning(`there is none in ${root} or above it`, "`tazpod init` creates one in this folder.");
  if (state !== "untrusted")
    return good(`${[configFile, localFile ?? []].flat().map(displayPath).join(" and ")}, ${state}`);
  const reason = "its overrides are not trusted on this host yet";
  const todo = "`tazpod trust` shows them, and asks.";
  // on a terminal, enter asks too
  return isAsked ? warning(reason, todo) : { verdict: "stops", reason, todo };
}
