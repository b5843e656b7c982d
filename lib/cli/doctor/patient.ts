import type { ProjectRun } from "../../session/open.js";
import type { TrustState } from "../../trust/ensure-trusted.js";
import { containerCheck, imageCheck } from "./container.js";
import { engineCheck } from "./engine.js";
import { projectCheck } from "./project.js";
import { remoteChecks } from "./remote.js";
import { terminalCheck } from "./terminal.js";
import type { Check, Patient } from "./types.js";
import { modesCheck, passphraseCheck, vaultCheck } from "./vault.js";

export function patientOf({ recipe, services, interrupts }: ProjectRun): Patient {
  const context = services.context(recipe, undefined, interrupts.signal, () => undefined);
  return {
    project: services.project,
    context,
    engine: once(async () => (await context.engine()).version()),
    login: once(async () => (await context.remote()).credentials(interrupts.signal)),
  };
}

/** What can be looked at here: without a project, there is neither a container nor a vault; an untrusted one's remote is not asked. */
export function projectChecks(patient: Patient, trust: TrustState): Check[] {
  const { project, context } = patient;
  const { terminal, options } = context;
  const host = [terminalCheck(terminal, options), engineCheck(patient)];
  const about = projectCheck(project, trust, terminal.interactive);
  if (!project.initialised) return [about, ...host];
  return [
    about,
    ...host,
    imageCheck(patient),
    containerCheck(patient),
    ...(trust.state === "untrusted" ? [] : remoteChecks(patient)),
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
