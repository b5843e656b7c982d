import { printableLines } from "./printable.js";

/** Lets a running step change what the screen shows. */
export interface Spinner {
  /** Adds a permanent line below the title. */
  add(text: string): void;
  /** Replaces the line shown while the step runs. */
  report(text: string): void;
}

/**
 * Shows a title with a spinner on stderr until `work` ends: ✔ if it returns undefined, ✖ if it returns the reason of a
 * failure. listr2 only draws; it neither orders steps, cleans up, nor catches signals.
 */
export async function spin(
  title: string,
  work: (spinner: Spinner) => Promise<string | undefined>,
): Promise<void> {
  const { Listr, ListrLogger, ProcessOutput } = await import("listr2");
  const bugs: unknown[] = [];
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const list = new Listr(
    [
      {
        title: printableLines(title),
        task: async (_, task) => {
          const spinner: Spinner = {
            add: (text) => void (task.title = `${task.title}\n${printableLines(text)}`),
            report: (text) => void (task.output = printableLines(text)),
          };
          const failed = await work(spinner).catch((error: unknown) => (bugs.push(error), "failed"));
          if (failed !== undefined) throw new Error(printableLines(failed));
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
  if (bugs.length > 0) throw bugs[0];
}
