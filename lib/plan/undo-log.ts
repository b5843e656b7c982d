/** Records changes so that they can be undone, the last one first. */
export class UndoLog {
  readonly #undo: (() => void)[] = [];

  record(undo: () => void): void {
    this.#undo.push(undo);
  }

  savepoint(): number {
    return this.#undo.length;
  }

  rollBack(mark: number): void {
    while (this.#undo.length > mark) this.#undo.pop()?.();
  }

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const [had, old] = [map.has(key), map.get(key)];
    map.set(key, value);
    this.record(() => (had ? map.set(key, old as V) : map.delete(key)));
  }

  delete<K, V>(map: Map<K, V>, key: K): void {
    const old = map.get(key);
    if (map.delete(key)) this.record(() => map.set(key, old as V));
  }

  push<T>(list: T[], item: T): void {
    list.push(item);
    this.record(() => list.pop());
  }
}
