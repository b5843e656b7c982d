import type { ProjectRun } from "../session/open.js";

/**
 * Decides where `with` runs its command: in a container of its own if the engine can isolate one; otherwise, or with
 * --in-shell, in the shell's container. Returns other words unchanged.
 */
export async function withPlacement(
  words: readonly string[],
  { services }: ProjectRun,
): Promise<readonly string[]> {
  const [name, ...rest] = words;
  if (name !== "with") return words;
  const { options, project, terminal } = services;
  const inShell = ["with-in-shell", ...rest];
  if (options.inShell || !project.initialised) return inShell;
  const { engine, failure } = await services.chosen();
  const why =
    engine.runHelper === undefined && failure === undefined
      ? `the engine ${engine.name} does not isolate it`
      : project.config.workspace === "copy"
        ? "`workspace: copy` has one copy of the project"
        : undefined;
  if (why === undefined) return words;
  terminal.print(
    `The command has no container of its own (${why}): while it runs, other programs in the shell's container can read ${options.parts.join(", ")}.`,
  );
  return inShell;
}
