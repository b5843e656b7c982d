import { basename } from "node:path";
import { loginName } from "../aws/client-config.js";
import { type EngineSelection, configuredEngine } from "../engine/choose-engine.js";
import type { ContainerState, Engine, EngineChoice } from "../engine/engine.js";
import { requireReady } from "../engine/container.js";
import { secretsFolder } from "../engine/container-paths.js";
import { containerStart } from "../secrets-folder/open-record.js";
import { openedElsewhere } from "../secrets-folder/opened-note.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { zxShell } from "../host/process.js";
import type { Terminal } from "../host/terminal.js";
import { loadProject } from "../project/load-project.js";
import type { Project } from "../project/project.js";
import type { Recipe, Task } from "../recipe/recipe.js";
import { render, type Values } from "../recipe/render.js";
import type { Remote } from "../remote/remote-types.js";
import { fail, ok, type Result } from "../failure/result.js";
import { restrictPath, type TrustedCode } from "../trust/trusted-code.js";
import { ensureTrusted } from "../trust/ensure-trusted.js";
import type { RunOptions } from "../run/run-options.js";
import { environmentIn, folderOf, knownValues, valuesOf, wordsOf } from "../run/given-values.js";
import { Session } from "./session.js";
import type { StepContext } from "./step.js";
import { projectState } from "../host/project-state.js";

/** The variables that every recipe can use. */
export const builtinVars = [
  "project",
  "root",
  "image",
  "container",
  "user",
  "remote",
  "profile",
  "identity",
  "engine",
] as const;

/** What steps and checks work on: the project, and its engine and remote, opened when first needed. */
export class Services {
  readonly terminal: Terminal;
  readonly options: RunOptions;
  readonly session = new Session();
  /** The values on the command line, once they were checked, and those that are found out later. */
  known = knownValues();
  #code: TrustedCode;
  #project: Project;
  #chosen: Promise<EngineSelection> | undefined;
  /** The container state that came with the choice of the engine is used until the first step. */
  #stateIsOld = false;
  #engineName: string;
  /** The variables of the environment that the recipe uses. */
  #environment: readonly string[] | undefined;
  #remote: Promise<Remote> | undefined;
  #container: Promise<Result<ContainerState>> | undefined;
  #imageId: Promise<Result<string | undefined>> | undefined;

  constructor(project: Project, terminal: Terminal, options: RunOptions) {
    this.#project = project;
    this.terminal = terminal;
    this.options = options;
    this.#code = { root: project.root, modules: new Map(), programs: new Map() };
    this.#engineName = this.#choice();
  }

  get project(): Project {
    return this.#project;
  }

  /** Checks that the user trusts the project; nothing of its own code runs before. */
  async trust(recipe: Recipe): Promise<Result<void>> {
    const code = await ensureTrusted(
      this.#project,
      recipe,
      // what the command line gives changes nothing about the project
      (task) => valuesOf(this.#builtinVars(), recipe, task, knownValues()).texts,
      this.terminal,
    );
    if (!code.ok) return code;
    this.#code = code.value;
    return ok(undefined);
  }

  /** Drops what a step may have changed, and reads the config again if there was none or a step changed it. */
  async refresh(recipe: Recipe): Promise<Result<void>> {
    this.#container = undefined;
    this.#imageId = undefined;
    this.#stateIsOld = true;
    // the step may have made an engine available
    if ((await this.#chosen)?.failure !== undefined) this.#chosen = undefined;
    if (this.#project.initialised && !this.session.settingsChanged) return ok(undefined);
    this.session.settingsChanged = false;
    const loaded = await loadProject(this.#project.root);
    if (!loaded.ok) return loaded;
    if (!loaded.value.initialised) return ok(undefined);
    restrictPath(loaded.value);
    this.#project = loaded.value;
    this.#chosen = undefined;
    this.#stateIsOld = false;
    this.#remote = undefined;
    return this.trust(recipe);
  }

  async engine(): Promise<Engine> {
    return (await this.chosen()).engine;
  }

  /** Returns the chosen engine, with the reasons against the others; asked once. */
  chosen(): Promise<EngineSelection> {
    this.#chosen ??= this.#choose();
    return this.#chosen;
  }

  async #choose(): Promise<EngineSelection> {
    const { chooseEngine } = await import("../engine/choose-engine.js");
    const chosen = await chooseEngine(this.#choice(), this.#project.config.containerName, this.#project);
    this.#engineName = chosen.engine.name;
    return chosen;
  }

  /** An invalid name was refused before. */
  #choice(): EngineChoice {
    const choice = configuredEngine(this.#project.config.engine, process.env);
    return choice.ok ? choice.value : "auto";
  }

  remote(): Promise<Remote> {
    this.#remote ??= openProjectRemote(this.#project);
    return this.#remote;
  }

  container(): Promise<Result<ContainerState>> {
    this.#container ??= this.#inspect();
    return this.#container;
  }

  async #inspect(): Promise<Result<ContainerState>> {
    const { engine, state } = await this.chosen();
    const isFresh = !this.#stateIsOld;
    this.#stateIsOld = true;
    const { containerName: name } = this.#project.config;
    const asked = state !== undefined && isFresh ? state : await engine.inspect(name);
    const found = requireReady(engine, name, asked);
    if (!found.ok || found.value.state !== "absent") return found;
    const elsewhere = await openedElsewhere(this.#project.vaultFolder, engine);
    if (!elsewhere.ok) return elsewhere;
    return elsewhere.value === undefined ? found : fail(elsewhere.value);
  }

  imageId(): Promise<Result<string | undefined>> {
    this.#imageId ??= this.engine().then((engine) => engine.imageId(this.#project.config.image));
    return this.#imageId;
  }

  async secrets(): Promise<Result<SecretsFolder>> {
    const { containerName, user, bridges, secretsBytes } = this.#project.config;
    const state = await this.container();
    if (!state.ok) return state;
    if (state.value.state !== "running")
      return fail({ kind: "container-gone", name: containerName, unsaved: false });
    return ok({
      engine: await this.engine(),
      vaultFolder: this.#project.vaultFolder,
      startId: containerStart(state.value) ?? "",
      container: containerName,
      user,
      folder: state.value.secrets ?? secretsFolder(state.value.home),
      secretsBytes: Math.min(secretsBytes, state.value.freeBytes ?? Infinity),
      bridges,
    });
  }

  /** Returns the variables of a recipe, or of one of its tasks. */
  vars(recipe: Recipe, task?: Task): Readonly<Record<string, string>> {
    return this.#values(recipe, task).texts;
  }

  #values(recipe: Recipe, task: Task | undefined): Values {
    this.#environment ??= environmentIn(recipe);
    return valuesOf(this.#builtinVars(), recipe, task, this.known, this.#environment);
  }

  #builtinVars(): Readonly<Record<string, string>> {
    const { root, config } = this.#project;
    return {
      project: basename(root),
      root,
      image: config.image,
      container: config.containerName,
      user: config.user,
      remote: config.remote.url,
      profile: config.remote.profile ?? process.env["AWS_PROFILE"] ?? "default",
      identity: loginName(config.remote, process.env),
      engine: this.#engineName,
    };
  }

  context(
    recipe: Recipe,
    task: Task | undefined,
    signal: AbortSignal,
    report: StepContext["report"] = () => undefined,
    print: StepContext["print"] = () => undefined,
  ): StepContext {
    const values = this.#values(recipe, task);
    const vars = values.texts;
    const dotenv = Object.entries(this.known.dotenv.get(task?.name ?? "") ?? {});
    const env = Object.fromEntries([
      ...dotenv.filter(([name]) => process.env[name] === undefined),
      ...Object.entries(task?.env ?? {}).map(([name, text]) => [name, render(text, vars)] as const),
    ]);
    const folder = folderOf(task, this.#project.root, vars);
    const { project, options, terminal, session } = this;
    const graceMs = task?.graceMs ?? project.config.graceMs;
    return {
      ...{
        project,
        options,
        terminal,
        session,
        signal,
        graceMs,
        vars,
        values,
        env,
        report,
        print,
        code: this.#code,
      },
      words: wordsOf(this.known.given, task),
      folder,
      engine: () => this.engine(),
      chosen: () => this.chosen(),
      container: () => this.container(),
      imageId: () => this.imageId(),
      secrets: () => this.secrets(),
      remote: () => this.remote(),
      inContainer: async (program) => {
        const { runTaskInside } = await import("./run-task-inside.js");
        return runTaskInside(this.context(recipe, task, signal, report), program, task?.name ?? "");
      },
      $: async (pieces, ...values) =>
        (await zxShell({ cwd: folder, env: { ...process.env, ...env }, signal, graceMs }))(pieces, ...values),
    };
  }
}

async function openProjectRemote({ config, vaultFolder }: Project): Promise<Remote> {
  const { openRemote } = await import("../remote/open-remote.js");
  const { downloadLimitsOf } = await import("../remote/download-limits.js");
  return openRemote(config.remote, {
    folder: projectState(vaultFolder),
    downloadLimits: downloadLimitsOf(config),
  });
}
