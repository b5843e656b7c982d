import type { Terminal } from "../host/terminal.js";
import { explain } from "../failure/explain.js";
import type { Result } from "../failure/result.js";

export type Report = (text: string) => void;

/** Shows the steps that do not own the terminal. */
export interface Progress {
  show<T>(title: string, work: (report: Report) => Promise<Result<T>>): Promise<Result<T>>;
}

/** Prints one line when a step ends; for logs and pipes. */
export function plainProgress(terminal: Terminal): Progress {
  return {
    async show(title, work) {
      const result = await work(() => undefined);
      terminal.print(`${result.ok ? "✔" : "✖"} ${title}`);
      return result;
    },
  };
}

/** Shows a spinner, with the progress of the step and what it prints below the title. */
export function listProgress(terminal: Terminal): Progress {
  return {
    async show(title, work) {
      const { spin } = await import("../host/spinner.js");
      const results: Awaited<ReturnType<typeof work>>[] = [];
      await spin(title, async ({ add, report }) => {
        const result = await terminal.redirect(add, () => work(report));
        results.push(result);
        return result.ok ? undefined : explain(result.failure).message.split("\n")[0];
      });
      const [result] = results;
      if (result === undefined) throw new Error("a step that was shown had no result");
      return result;
    },
  };
}
