import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import { useEffect, useRef, useState } from "react";

import { readKey } from "./apiKey.js";
import { createFetcher } from "./fetcher.js";
import { browserStorage, createStorage } from "./storage.js";

const TYPING_PAUSE_MS = 600;

/** The whole page. `examples`: {headers, tabs: [{title, query, variables}]}; the first tab is the one shown. */
export function Explorer({ endpoint, examples }) {
  const [fetcher] = useState(() => createFetcher(endpoint, readKey(examples.headers)));
  const [storage] = useState(() => createStorage(browserStorage()));
  const headers = pretty(examples.headers);
  const tabs = examples.tabs.map(({ title, query, variables }) => ({
    query: `# ${title}\n${query.trim()}\n`,
    variables: pretty(variables),
    headers,
  }));
  // GraphiQL 5.4 fills the panes from initial*, not from the first of defaultTabs: without both,
  // the variables are missing at the first click on Run.
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      defaultTabs={tabs}
      defaultHeaders={headers}
      initialQuery={tabs[0].query}
      initialVariables={tabs[0].variables}
      initialHeaders={headers}
      defaultEditorToolsVisibility={readKey(examples.headers) ? "variables" : "headers"}
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <span className="leadwire-logo">Leadwire</span>
      </GraphiQL.Logo>
      <SchemaFollowsKey />
    </GraphiQL>
  );
}

/** Reads the schema again once a person has typed another key: without a valid one it cannot be read at all. */
function SchemaFollowsKey() {
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const { introspect } = useGraphiQLActions();
  const shownKey = useRef(null);
  useEffect(() => {
    if (!headerEditor) return undefined;
    shownKey.current ??= keyIn(headerEditor.getValue());
    let timer;
    const listener = headerEditor.getModel().onDidChangeContent(() => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const key = keyIn(headerEditor.getValue());
        if (!key || key === shownKey.current) return;
        shownKey.current = key;
        introspect();
      }, TYPING_PAUSE_MS);
    });
    return () => {
      clearTimeout(timer);
      listener.dispose();
    };
  }, [headerEditor, introspect]);
  return null;
}

function keyIn(text) {
  try {
    return readKey(JSON.parse(text));
  } catch {
    return ""; // half-typed JSON holds no key yet
  }
}

function pretty(value) {
  return JSON.stringify(value, null, 2);
}
