import { withoutHidden } from "./hidden.js";
import { wrapLines } from "./layout.js";
import { printableLines } from "./printable.js";
import { stderr } from "./standard-streams.js";

/** Lets running work change what the screen shows. */
export interface Spinner {
  /** Adds a line below the title that stays. */
  add(text: string): void;
  /** Replaces the line shown while the work runs. */
  report(text: string): void;
}

/** What stays on the screen when the work has ended. */
export interface Ended {
  readonly ok: boolean;
  /** Replaces the title. */
  readonly title?: string;
}

/** What a list shows, and what becomes of it. */
export interface Shown {
  readonly title: string;
  /** The titles of the work that waits, shown below. */
  readonly waiting: readonly string[];
  /** Whether the title is removed at the end. */
  readonly clear?: boolean;
}

/**
 * Shows a title with a spinner on stderr until `work` ends, and below it what waits. listr2 only draws; it neither
 * orders steps, cleans up, nor catches signals.
 */
export async function spin(
  { title, waiting, clear = false }: Shown,
  work: (spinner: Spinner) => Promise<Ended>,
): Promise<void> {
  const { color, DefaultRenderer, Listr, ListrDefaultRendererLogLevels, ListrLogger, ProcessOutput } =
    await import("listr2");
  // without this, listr2 prints on stdout if that is no terminal
  class OnStderr extends DefaultRenderer {
    static override nonTTY = true;
  }
  const bugs: unknown[] = [];
  let isOver = false;
  const logger = new ListrLogger({ processOutput: new ProcessOutput(stderr(), stderr()) });
  const list = new Listr(
    [
      {
        title: fitted(title),
        task: async (_, task) => {
          const notes: string[] = [];
          let shown = title;
          const draw = (): void => void (task.title = fitted([shown, ...notes].join("\n")));
          const spinner: Spinner = {
            add: (text) => (notes.push(text), draw()),
            report: (text) => void (task.output = fitted(text)),
          };
          const ended = await work(spinner).catch((error: unknown) => (bugs.push(error), { ok: false }));
          isOver = true;
          if ("title" in ended && ended.title !== undefined) shown = ended.title;
          draw();
          if (!ended.ok) throw new Error(title);
        },
      },
      // they are only shown: the list ends with the first
      ...waiting.map((name) => ({
        title: fitted(name),
        enabled: () => !isOver,
        task: () => undefined,
      })),
    ],
    {
      registerSignalListeners: false,
      collectErrors: false,
      exitOnError: false,
      renderer: OnStderr as typeof DefaultRenderer,
      rendererOptions: {
        ...{ logger, clearOutput: clear, showErrorMessage: false, collapseErrors: true },
        // its yellow is too light on white
        color: { [ListrDefaultRendererLogLevels.PENDING]: (text?: string) => color.magenta(text ?? "") },
      },
    },
  );
  await list.run();
  if (bugs.length > 0) throw bugs[0];
}

/** The columns that a list needs for its marks. */
const markColumns = 5;

/** Returns a text that fits into a list, wrapped at words. */
function fitted(text: string): string {
  return wrapLines(printableLines(withoutHidden(text)), stderr().columns - markColumns);
}
