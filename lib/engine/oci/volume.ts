import { fail, ok, type Result } from "../../failure/result.js";
import { isRecord, parseJson } from "../../host/json.js";
import { expectSuccess, type RunCommand } from "./command.js";
import type { CreateOptions } from "./flavors.js";
import { labels } from "./create-arguments.js";
import type { ContainerSpec, ContainerUser, EngineName } from "../engine.js";

type Whose = Pick<ContainerSpec, "name" | "project">;
type Labels = Readonly<Record<string, string>>;

/** A volume with a copy of a project. */
export interface Volume {
  readonly name: string;
  /** Unique, unlike the name, which can be reused. */
  readonly id: string;
}

const limit = { timeoutMs: 60_000 };

/** Returns the name of a container's volume. */
const volumeOf = (name: string): string => `${name}-workspace`;

// the volume must not be empty: engines fill an empty volume with the image's files at that path
const handOver = 'mkdir -p /tazpod/.tazpod && chmod 755 /tazpod && chown -hR "$1" /tazpod';

/**
 * Creates the volume for a container if it is missing, and makes the user its owner: it may have had another one
 * before. Failure: `container-foreign` if it belongs to another project.
 */
export async function ensureVolume(
  run: RunCommand,
  engine: EngineName,
  spec: ContainerSpec,
  { uid, gid }: ContainerUser,
  { more }: CreateOptions,
): Promise<Result<Volume>> {
  const { name: container, project } = spec;
  const name = volumeOf(container);
  const found = await labelsOf(run, name);
  if (!found.ok) return found;
  const owner = found.value?.[labels.project];
  const id = found.value?.[labels.workspace] ?? crypto.randomUUID();
  if (found.value !== undefined && (owner !== project || found.value[labels.workspace] === undefined))
    return fail({ kind: "container-foreign", engine, name, owner: owner ?? "", project, volume: true });
  if (found.value === undefined) {
    const given = [`${labels.project}=${project}`, `${labels.workspace}=${id}`];
    const made = await order(run, [
      ...["volume", "create"],
      ...given.flatMap((label) => ["--label", label]),
      name,
    ]);
    if (!made.ok) return made;
  }
  const able = ["CHOWN", "DAC_OVERRIDE", "FOWNER"].flatMap((one) => ["--cap-add", one]);
  const owned = await order(run, [
    ...["run", "--rm", ...more, "--user", "0:0", "--network", "none", "--cap-drop", "ALL", ...able],
    ...["--mount", `type=volume,source=${name},target=/tazpod`, "--workdir", "/"],
    ...["--entrypoint", "sh", spec.image, "-c", handOver, "tazpod", `${uid}:${gid}`],
  ]);
  return owned.ok ? ok({ name, id }) : owned;
}

/** Removes the volume of a project whose container is gone. A volume of another project is kept. */
export async function removeVolume(
  run: RunCommand,
  { name: container, project }: Whose,
): Promise<Result<void>> {
  const name = volumeOf(container);
  const found = await labelsOf(run, name);
  if (!found.ok) return found;
  return found.value?.[labels.project] === project ? order(run, ["volume", "rm", name]) : ok(undefined);
}

/** Returns undefined if there is no such volume. */
async function labelsOf(run: RunCommand, name: string): Promise<Result<Labels | undefined>> {
  const argv = ["volume", "inspect", "--format", "{{json .Labels}}", name];
  const done = await run(argv, limit);
  if (done.ok && done.value.code !== 0 && /no such volume/i.test(done.value.stderr)) return ok(undefined);
  return expectSuccess(done, argv, ({ stdout }) => {
    const labels = parseJson(stdout.toString());
    // a volume without labels has null there
    if (labels === null) return ok({});
    return isRecord(labels)
      ? ok(labels as Labels)
      : fail({ kind: "answer-unreadable", engine: "the engine", command: argv });
  });
}

async function order(run: RunCommand, argv: readonly string[]): Promise<Result<void>> {
  return expectSuccess(await run(argv, limit), argv.slice(0, 3), () => ok(undefined));
}
