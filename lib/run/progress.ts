import type { Terminal } from "../host/terminal.js";
import { explain } from "../explain.js";
import type { Result } from "../result.js";

export type Report = (text: string) => void;

/** How the steps that do not own the terminal are shown. */
export interface Progress {
  show<T>(title: string, work: (report: Report) => Promise<Result<T>>): Promise<Result<T>>;
}

/** One line when a step ends; nothing in between. For logs and pipes. */
export function plainProgress(terminal: Terminal): Progress {
  return {
    async show(title, work) {
      const result = await work(() => undefined);
      terminal.say(`${result.ok ? "✔" : "✖"} ${title}`);
      return result;
    },
  };
}

/** A spinner with the step's own words behind it. listr2 shows, and nothing more: it neither orders, nor cleans up, nor catches signals. */
export function listProgress(terminal: Terminal): Progress {
  return {
    async show(title, work) {
      const { Listr, ListrLogger, ProcessOutput } = await import("listr2");
      const outcome: { result?: Awaited<ReturnType<typeof work>>; bug?: unknown } = {};
      const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
      const list = new Listr(
        [
          {
            title,
            task: async (_, task) => {
              try {
                const below = (text: string): void => void (task.title = `${task.title}\n${text}`);
                outcome.result = await terminal.divert(below, () => work((text) => (task.output = text)));
              } catch (error) {
                outcome.bug = error;
              }
              if (!outcome.result?.ok)
                throw new Error(
                  outcome.result ? explain(outcome.result.failure).message.split("\n")[0] : "failed",
                );
            },
          },
        ],
        {
          registerSignalListeners: false,
          collectErrors: false,
          exitOnError: false,
          rendererOptions: { logger, showErrorMessage: false, collapseErrors: true },
        },
      );
      await list.run();
      if (outcome.result === undefined) throw outcome.bug;
      return outcome.result;
    },
  };
}
