import { randomBytes } from "node:crypto";
import { unpackVault } from "../secrets-folder/unpack.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { ensureImageUser } from "../engine/container.js";
import { secretsFolder } from "../engine/container-paths.js";
import type { ContainerSpec, Engine, HelperContainer } from "../engine/engine.js";
import { containerSpec } from "../project/container-spec.js";
import { type Result, fail, ok } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { type ArchiveSummary, normalise } from "../vault/archive/normalise.js";
import { archiveLimit } from "../vault/archive/entry-policy.js";
import { vaultContent } from "../vault/inspect-vault.js";
import { type OpenParts, isOpen } from "../vault/vault-parts.js";
import { filterTar } from "../vault/archive/tar-entries.js";
import { prepareCreate } from "./preflight.js";
import type { StepContext } from "./step.js";

/** A separate container in which parts of the vault are open. */
export interface SeparateContainer {
  readonly secrets: SecretsFolder;
  readonly opening: OpenParts;
  /** Digest of the parts when they were opened. */
  readonly digest: string;
  /** Paths that could not be linked from the home. */
  readonly unlinked: readonly string[];
  readonly end: () => Promise<void>;
}

/**
 * Starts a container like the project's, with the spec that `adapt` returns, that has only the named parts of the vault.
 * Failures: those of creating a container and of unlocking; the container is then removed.
 */
export async function openInSeparateContainer(
  context: StepContext,
  engine: Engine,
  passphrase: Secret,
  names: readonly string[],
  adapt: (spec: ContainerSpec) => ContainerSpec = (spec) => spec,
): Promise<Result<SeparateContainer>> {
  const { project, report, signal } = context;
  const parts = project.config.parts.map(({ name, paths }) => ({ name, paths }));
  const opening: OpenParts = { parts, open: names };
  const container = await startSeparateContainer(context, engine, adapt);
  if (!container.ok) return container;
  const { name, home, secrets: ram, end } = container.value;
  const { user, secretsBytes, bridges } = project.config;
  const secrets: SecretsFolder = {
    ...{ engine, container: name, user, folder: ram ?? secretsFolder(home), secretsBytes, bridges },
    // nothing is recorded on the host: it does not outlive this run
    ...{ vaultFolder: project.vaultFolder, startId: name },
  };
  report(`opening ${names.join(", ")}`);
  const archive = readParts(context, passphrase, opening, true);
  const record = async (): Promise<Result<string>> => ok("separate container");
  const opened = await unpackVault(secrets, { tar: archive.tar, checked: archive.summary }, record, signal);
  const summary = await archive.summary;
  if (opened.ok && summary.ok) {
    const unlinked = opened.value === "already open" ? [] : opened.value.unlinked;
    return ok({ secrets, opening, digest: summary.value.digest, unlinked, end });
  }
  await end();
  if (!summary.ok) return summary;
  return opened.ok ? fail({ kind: "vault-closed" }) : opened;
}

async function startSeparateContainer(
  { project, report, signal }: StepContext,
  engine: Engine,
  adapt: (spec: ContainerSpec) => ContainerSpec,
): Promise<Result<HelperContainer & { readonly home: string }>> {
  if (engine.runHelper === undefined) throw new Error(`${engine.name} cannot run a separate container`);
  // the project may never have had a container on this host
  const ready = await prepareCreate(project, engine);
  if (!ready.ok) return ready;
  const spec = containerSpec(project);
  const user = await ensureImageUser(engine, spec, report, signal);
  if (!user.ok) return user;
  const name = `${spec.name}-with-${randomBytes(4).toString("hex")}`;
  const made = await engine.runHelper(adapt(spec), user.value, name);
  return made.ok ? ok({ ...made.value, home: user.value.home }) : made;
}

/** Returns the digest of parts in the sealed vault. Failures: those of opening it. */
export async function sealedDigest(
  context: StepContext,
  passphrase: Secret,
  opening: OpenParts,
): Promise<Result<string>> {
  const { tar, summary } = readParts(context, passphrase, opening, false);
  tar.resume();
  const found: Result<ArchiveSummary> = await summary;
  return found.ok ? ok(found.value.digest) : found;
}

function readParts(
  { project }: StepContext,
  passphrase: Secret,
  opening: OpenParts,
  openFolders: boolean,
): ReturnType<typeof normalise> {
  const { tar } = vaultContent(project.vaultFile, passphrase);
  const limitBytes = archiveLimit(project.config.secretsBytes);
  return normalise(
    filterTar(tar, (path) => isOpen(path, opening)),
    { limitBytes, format: "age", openFolders },
  );
}
