import { generator } from "./mutate.js";

/** Random decisions that are the same for the same seed. */
export class Chance {
  readonly #next: () => number;

  constructor(start: number) {
    this.#next = generator(start);
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** True in this percentage of cases. */
  percent(part: number): boolean {
    return this.#next() * 100 < part;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error("there is nothing to pick from");
    return picked;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.flatMap(() => left.splice(this.below(left.length), 1));
  }
}
