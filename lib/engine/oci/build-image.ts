import { stripVTControlCharacters } from "node:util";
import { makeFolder, openDescriptor } from "../../host/files.js";
import { stateFolder } from "../../host/paths.js";
import { createTemp, removeLeftovers } from "../../host/temp-file.js";
import { fail, ok, type Result } from "../../failure/result.js";
import type { RunCommand } from "./command.js";
import type { ImageBuild } from "../engine.js";

interface Shown {
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Number of output lines that a failed build shows. */
const keptLines = 12;

/**
 * Builds the Dockerfile as it was read and trusted, even if the file has changed since. Failures: `build-failed`,
 * `file`.
 */
export async function buildImage(
  run: RunCommand,
  image: string,
  build: ImageBuild,
  { onLine, signal }: Shown,
): Promise<Result<void>> {
  const folder = stateFolder();
  const made = await makeFolder(folder);
  if (!made.ok) return made;
  await removeLeftovers(folder);
  const file = await createTemp(folder, "Dockerfile");
  if (!file.ok) return file;
  try {
    const written = await file.value.write(build.text);
    const finished = written.ok ? await file.value.finish() : written;
    if (!finished.ok) return finished;
    const opened = await openDescriptor(file.value.path);
    if (!opened.ok) return opened;
    const done = await runBuild(run, image, build, { onLine, signal, inputFd: opened.value.fd });
    await opened.value.close();
    return done;
  } finally {
    await file.value.discard();
  }
}

async function runBuild(
  run: RunCommand,
  image: string,
  build: ImageBuild,
  { onLine, ...options }: Shown & { readonly inputFd: number },
): Promise<Result<void>> {
  const lines: string[] = [];
  const keep = (line: string): void => {
    const text = stripVTControlCharacters(line);
    lines.push(text);
    if (lines.length > keptLines) lines.shift();
    onLine(text);
  };
  const result = await run(buildArguments(image, build), { ...options, onLine: keep });
  if (!result.ok) return result;
  return result.value.code === 0
    ? ok(undefined)
    : fail({ kind: "build-failed", dockerfile: build.dockerfile, lines });
}

/** Returns the arguments for docker and podman. The Dockerfile comes from stdin. */
function buildArguments(image: string, { context, args, target }: ImageBuild): string[] {
  return [
    ...["build", "--file", "-", "--tag", image, "--force-rm"],
    ...Object.entries(args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...(target === undefined ? [] : ["--target", target]),
    context,
  ];
}
