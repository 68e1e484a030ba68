import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { useEffect, useState } from "react";

import { readKey } from "./apiKey.js";
import { createFetcher } from "./fetcher.js";
import { browserStorage, createStorage, panelWasClosed } from "./storage.js";
import { asTabs, pretty, tasksPlugin } from "./Tasks.jsx";

const TYPING_PAUSE_MS = 600;
const FONT_SIZE_PX = 13;

/**
 * The whole page. `examples`: {headers, tasks: [{group, title, query, variables, open}], notice}, the first task in
 * front; the notice, unless it is empty, says what this server does not do.
 */
export function Explorer({ endpoint, examples }) {
  const [key] = useState(() => ({ current: readKey(examples.headers) }));
  const [fetcher] = useState(() => createFetcher(endpoint, key));
  const [storage] = useState(() => createStorage(browserStorage()));
  const headers = pretty(examples.headers);
  const [tasks] = useState(() => asTabs(examples.tasks, headers));
  const [plugin] = useState(() => tasksPlugin(tasks));
  const [plugins] = useState([plugin, HISTORY_PLUGIN]);
  const [visiblePlugin] = useState(() => (panelWasClosed(storage) ? undefined : plugin));
  // GraphiQL 5.4 fills the panes from initial*, not from the first of defaultTabs: without both,
  // the variables are missing at the first click on Run.
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      plugins={plugins}
      visiblePlugin={visiblePlugin}
      defaultTabs={tasks.filter(({ open }) => open)}
      defaultHeaders={headers}
      initialQuery={tasks[0].query}
      initialVariables={tasks[0].variables}
      initialHeaders={headers}
      defaultEditorToolsVisibility={readKey(examples.headers) ? "variables" : "headers"}
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <span className="leadwire-logo">Leadwire</span>
        {examples.notice && (
          <span className="leadwire-notice" role="note" title={examples.notice}>
            {examples.notice}
          </span>
        )}
      </GraphiQL.Logo>
      <Editors />
      <TypedKey currentKey={key} />
    </GraphiQL>
  );
}

/** Shows Run once all panes are there: before that, a click on it would do nothing. */
function Editors() {
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const responseEditor = useGraphiQL((state) => state.responseEditor);
  useEffect(() => {
    const editors = [queryEditor, variableEditor, headerEditor, responseEditor];
    editors.forEach((editor) => editor?.updateOptions({ fontSize: FONT_SIZE_PX }));
    document.body.classList.toggle("leadwire-ready", editors.every(Boolean));
  }, [queryEditor, variableEditor, headerEditor, responseEditor]);
  return null;
}

/**
 * Keeps `currentKey` what a person typed last, be it nothing, and reads the schema again with a new one: without a
 * valid key it cannot be read at all.
 */
function TypedKey({ currentKey }) {
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const { introspect } = useGraphiQLActions();
  useEffect(() => {
    if (!headerEditor) return undefined;
    let timer;
    const listener = headerEditor.getModel().onDidChangeContent(({ isFlush }) => {
      if (isFlush) return; // another tab came to the front; nobody typed
      const key = keyIn(headerEditor.getValue());
      if (key === undefined || key === currentKey.current) return;
      currentKey.current = key;
      clearTimeout(timer);
      if (key) timer = setTimeout(introspect, TYPING_PAUSE_MS);
    });
    return () => {
      clearTimeout(timer);
      listener.dispose();
    };
  }, [currentKey, headerEditor, introspect]);
  return null;
}

/** The key in the text of the headers pane, "" for none; undefined while its JSON is half typed. */
function keyIn(text) {
  if (!text.trim()) return "";
  try {
    return readKey(JSON.parse(text));
  } catch {
    return undefined;
  }
}
