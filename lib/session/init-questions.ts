import { stat } from "../host/files.js";
import { printable } from "../host/printable.js";
import {
  type Answer,
  engineChoices,
  readEngine,
  readImage,
  readRegion,
  readRemote,
  readUser,
} from "../project/init-answers.js";
import { loadBuild } from "../project/image-build.js";
import { ProjectFiles } from "../project/project-files.js";
import type { NewConfig } from "../project/new-config.js";
import { defaults } from "../project/defaults.js";
import { findDevcontainer, findDockerfile } from "../project/devcontainer/find-devcontainer.js";
import type { DevcontainerOffer, OfferedSettings } from "../project/devcontainer/read-devcontainer.js";
import { join } from "node:path";
import { failureText } from "../failure/explain.js";
import { fail, ok, type Result, settle, take } from "../failure/result.js";
import type { StepContext } from "./step.js";

/**
 * Returns the settings for a new config: from flags, from a devcontainer.json or Dockerfile of the project, and, on a
 * terminal without --yes, from questions. Writes nothing. Failures: `interrupted` and `answer-needed` for a question
 * without an answer, `usage` and `invalid-document` for a devcontainer.json that was requested and cannot be used.
 */
export function initAnswers(context: StepContext): Promise<Result<NewConfig>> {
  return settle(async () => {
    const questions = new Questions(context);
    const offered = take(await questions.offered());
    const image = take(await questions.image(offered));
    const user = take(await questions.user({ ...offered, ...image }));
    const remote = take(await questions.remote());
    const engine = take(await questions.engine());
    const { image: _, build: __, ...rest } = offered;
    return { ...rest, ...image, ...user, ...remote, ...engine };
  });
}

class Questions {
  readonly #context: StepContext;
  readonly #asks: boolean;

  constructor(context: StepContext) {
    const { options, terminal } = context;
    this.#context = context;
    this.#asks = terminal.interactive && options.yes !== "all" && !options.yes.has("init");
  }

  /** Returns the settings that a file of the project offers, if the user accepts them. */
  async offered(): Promise<Result<OfferedSettings>> {
    const { project, options, terminal } = this.#context;
    const { devcontainer, image, build } = options.init;
    const isWanted = devcontainer === true;
    if (devcontainer === false || !(this.#asks || isWanted)) return ok({});
    const found = await findDevcontainer(project.root);
    if (!found.ok) {
      if (isWanted) return found;
      terminal.warn(`${failureText(found.failure)}\nIt is ignored.`);
    }
    if (found.ok && found.value !== undefined) return this.#take(found.value, isWanted);
    if (isWanted)
      return fail({
        kind: "usage",
        message: `--from-devcontainer: there is no devcontainer.json in ${project.root}.`,
        hint: "It can be .devcontainer/devcontainer.json or .devcontainer.json. Use --build DOCKERFILE for a Dockerfile.",
      });
    const dockerfile =
      image === undefined && build === undefined ? await findDockerfile(project.root) : undefined;
    if (dockerfile === undefined) return ok({});
    // a Dockerfile at the root is more often for the software developed here
    const preset = dockerfile.file !== "Dockerfile";
    const question = `Build the container's image from ${dockerfile.file}?`;
    const answer = await terminal.confirm(question, preset, this.#context.signal);
    return answer.ok ? ok(answer.value ? dockerfile.settings : {}) : answer;
  }

  async #take(
    { file, settings, notRead }: DevcontainerOffer,
    isWanted: boolean,
  ): Promise<Result<OfferedSettings>> {
    const { terminal, signal } = this.#context;
    const said = formatSettings(settings);
    const left = notRead.length === 0 ? [] : [`Not read: ${notRead.map(printable).join(", ")}`];
    terminal.warn(
      [`${file}:`, ...(said.length === 0 ? ["no settings for tazpod"] : said), ...left].join("\n  "),
    );
    if (isWanted || said.length === 0) return ok(settings);
    const answer = await terminal.confirm(`Use the settings of ${file}?`, true, signal);
    return answer.ok ? ok(answer.value ? settings : {}) : answer;
  }

  async image(offered: OfferedSettings): Promise<Result<Pick<NewConfig, "image" | "build">>> {
    const { image, build } = this.#context.options.init;
    if (image !== undefined) return ok({ image });
    if (build !== undefined) return this.#build(build);
    if (offered.build !== undefined) return ok({ build: offered.build });
    if (offered.image !== undefined) return ok({ image: offered.image });
    if (!this.#asks) return ok({});
    this.#say("The container's image: a name, or the path of a Dockerfile in this folder.");
    return this.#ask<Pick<NewConfig, "image" | "build">>(`Image [${defaults.image}]:`, async (text) => {
      if (text === "") return { value: {} };
      if (await this.#isPath(text)) {
        const built = await this.#build(text);
        return built.ok ? { value: built.value } : { expected: failureText(built.failure) };
      }
      const read = readImage(text);
      return "value" in read ? { value: { image: read.value } } : read;
    });
  }

  async #isPath(text: string): Promise<boolean> {
    if (text.startsWith(".") || text.startsWith("/")) return true;
    const found = await stat(join(this.#context.project.root, text));
    return found.ok && found.value !== undefined;
  }

  async #build(path: string): Promise<Result<Pick<NewConfig, "build">>> {
    const found = await loadBuild(new ProjectFiles(this.#context.project.root), {
      dockerfile: path,
      args: {},
    });
    return found.ok ? ok({ build: found.value.dockerfile }) : found;
  }

  /** Asks for the user unless the image is the default one, which has the default user. */
  async user({ image, build, user }: OfferedSettings): Promise<Result<Pick<NewConfig, "user">>> {
    const given = this.#context.options.init.user ?? user;
    if (given !== undefined) return ok({ user: given });
    const isOwn = build === undefined && (image ?? defaults.image) === defaults.image;
    if (!this.#asks || isOwn) return ok({});
    this.#say("The user of the shell. It has to exist in the image.");
    return this.#ask("User [root]:", async (text) => {
      const read = readUser(text === "" ? "root" : text);
      return "value" in read ? { value: { user: read.value } } : read;
    });
  }

  async remote(): Promise<Result<Pick<NewConfig, "remote">>> {
    const { project, options } = this.#context;
    const { remote, region } = options.init;
    const preset = `s3://${defaults.bucket}/${defaults.key}`;
    let url = remote;
    if (url === undefined && this.#asks) {
      this.#say(
        "Where to keep the vault: an S3 bucket (s3://BUCKET), a folder (/media/usb), or none for now.",
      );
      const asked = await this.#ask(`Vault [${preset}]:`, async (text) =>
        readRemote(text === "" ? preset : text, project.root),
      );
      if (!asked.ok) return asked;
      url = asked.value;
    }
    const where = await this.#region(url ?? preset, url === preset ? defaults.region : region);
    if (!where.ok) return where;
    return ok({ remote: { url: url ?? preset, region: region ?? where.value } });
  }

  async #region(url: string, given: string | undefined): Promise<Result<string>> {
    if (given !== undefined || !this.#asks || !url.startsWith("s3://")) return ok(given ?? defaults.region);
    const preset = process.env["AWS_REGION"] || defaults.region;
    return this.#ask(`Region of the bucket [${preset}]:`, async (text) =>
      readRegion(text === "" ? preset : text),
    );
  }

  async engine(): Promise<Result<Pick<NewConfig, "engine">>> {
    const { engine } = this.#context.options.init;
    if (engine !== undefined) return ok({ engine });
    if (!this.#asks) return ok({});
    this.#say(`The engine that runs the container: ${engineChoices.join(", ")}.`);
    const asked = await this.#ask("Engine [auto]:", async (text) => readEngine(text === "" ? "auto" : text));
    if (!asked.ok) return asked;
    return ok(asked.value === "auto" ? {} : { engine: asked.value });
  }

  #say(text: string): void {
    this.#context.terminal.warn(text);
  }

  /** Asks until the answer is valid. */
  async #ask<T>(question: string, read: (text: string) => Promise<Answer<T>>): Promise<Result<T>> {
    const { terminal, signal } = this.#context;
    for (;;) {
      const line = await terminal.line(question, signal);
      if (!line.ok) return line;
      const answer = await read(line.value);
      if ("value" in answer) return ok(answer.value);
      terminal.warn(/^[a-z]/.test(answer.expected) ? `Enter ${answer.expected}.` : answer.expected);
    }
  }
}

/** Returns a line for each setting, with the names of the config. */
function formatSettings(settings: OfferedSettings): string[] {
  const { image, build, user, env = {}, mounts = [], ports = [] } = settings;
  const map = (value: object): string =>
    Object.entries(value)
      .map(([name, one]) => `${name} ${typeof one === "object" ? map(one as object) : String(one)}`)
      .join(", ");
  return [
    ...(image === undefined ? [] : [`image: ${image}`]),
    ...(build === undefined ? [] : [`build: ${typeof build === "string" ? build : map(build)}`]),
    ...(user === undefined ? [] : [`user: ${user}`]),
    ...Object.entries(env).map(([name, value]) => `env: ${name}=${String(value)}`),
    ...mounts.map(
      ({ source, target, read_only: ro }) =>
        `mount: ${source} at ${target}${ro === true ? ", read-only" : ""}`,
    ),
    ...(ports.length === 0 ? [] : [`ports: ${ports.join(", ")}`]),
  ].map(printable);
}
