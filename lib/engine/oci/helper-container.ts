import { PassThrough } from "node:stream";
import { processToken, processIsGone } from "../../host/own-process.js";
import { piped } from "../../host/process.js";
import { fail, ok, type Result } from "../../failure/result.js";
import { helperArguments, labels } from "./create-arguments.js";
import type { RunCommand } from "./command.js";
import type { CreateOptions } from "./flavors.js";
import type { HelperContainer, ContainerSpec, ContainerUser } from "../engine.js";

const answerMs = 20_000;

/**
 * Runs a container that lives as long as this process. Its first process reads stdin and ends when this process closes
 * it or is killed; then the engine removes the container. Failure: `container-start`.
 */
export async function runHelper(
  run: RunCommand,
  command: (argv: readonly string[]) => string[],
  spec: ContainerSpec,
  user: ContainerUser,
  options: CreateOptions,
): Promise<Result<HelperContainer>> {
  await removeLeftovers(run, spec.project);
  const input = new PassThrough();
  const argv = helperArguments(spec, user, await processToken(), options);
  const { stdout, done } = piped(command(argv), { input });
  const started = await Promise.race([
    new Promise<"started">((resolve) => stdout.once("data", () => resolve("started"))),
    done,
  ]);
  if (started !== "started") {
    const detail = started.ok ? started.value.stderr : "";
    return started.ok ? fail({ kind: "container-start", name: spec.name, detail }) : started;
  }
  return ok({
    name: spec.name,
    async end() {
      // kills everything at once; closing stdin would wait for programs the command left running
      await run(["rm", "--force", spec.name], { timeoutMs: answerMs });
      input.end();
      await done;
    },
  });
}

/**
 * Removes helper containers of this project whose process is gone, in case the engine missed the end of their stdin.
 */
export async function removeLeftovers(run: RunCommand, project: string): Promise<void> {
  const filters = [`label=${labels.helper}`, `label=${labels.project}=${project}`];
  const listed = await run(["ps", "--all", "--quiet", ...filters.flatMap((one) => ["--filter", one])], {
    timeoutMs: answerMs,
  });
  const ids = listed.ok ? listed.value.stdout.toString().split("\n").filter(Boolean) : [];
  for (const id of ids) {
    const format = `{{index .Config.Labels "${labels.helper}"}}`;
    const owner = await run(["container", "inspect", "--format", format, id], { timeoutMs: answerMs });
    if (owner.ok && owner.value.code === 0 && (await processIsGone(owner.value.stdout.toString().trim())))
      await run(["rm", "--force", id], { timeoutMs: answerMs });
  }
}
