/** How the page looks. All else that GraphiQL would keep is a key, a person's data, or an operation that names one. */
const KEPT = ["graphiql:theme", "graphiql:visiblePlugin", "graphiql:editorFlex", "graphiql:docExplorerFlex"];

/** Sizes of panes until a person drags them: how much larger the first of two is than the second. */
const SIZES = {
  "graphiql:docExplorerFlex": "0.2",
  "graphiql:editorFlex": "1.25",
  "graphiql:secondaryEditorFlex": "2",
};

/**
 * The storage GraphiQL writes to: the look of the page goes to localStorage, the rest lives as long as the page.
 *
 * GraphiQL would otherwise keep the headers of its history, API key included, and the variables of its tabs, in
 * localStorage, and would open the next page with old tabs instead of the examples.
 */
export function createStorage(persistent) {
  const memory = new Map();
  return {
    getItem: (name) =>
      (KEPT.includes(name) ? persistent?.getItem(name) : memory.get(name)) ?? SIZES[name] ?? null,
    setItem(name, value) {
      if (KEPT.includes(name)) persistent?.setItem(name, value);
      else memory.set(name, value);
    },
    removeItem(name) {
      if (KEPT.includes(name)) persistent?.removeItem(name);
      else memory.delete(name);
    },
    clear() {
      KEPT.forEach((name) => persistent?.removeItem(name));
      memory.clear();
    },
    get length() {
      return memory.size;
    },
  };
}

/** Whether a person closed the side panel on an earlier visit. */
export function panelWasClosed(storage) {
  return storage.getItem("graphiql:visiblePlugin") === "";
}

/** The browser's localStorage, or null where its settings forbid it. */
export function browserStorage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
