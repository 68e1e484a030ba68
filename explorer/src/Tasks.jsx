import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";

/** The side panel that lists what can be done here; `tasks` as asTabs makes them. */
export function tasksPlugin(tasks) {
  return { title: "Tasks", icon: TasksIcon, content: () => <Tasks tasks={tasks} /> };
}

/** Each task with the texts of its panes; `heading` is the comment by which its tab is recognised. */
export function asTabs(tasks, headers) {
  return tasks.map(({ group, title, query, variables, open }) => {
    const heading = `# ${title}\n`;
    const text = pretty(variables);
    return { group, title, heading, open, query: `${heading}${query.trim()}\n`, variables: text, headers };
  });
}

export function pretty(value) {
  return JSON.stringify(value, null, 2);
}

function Tasks({ tasks }) {
  const openTask = useOpenTask();
  const groups = [...new Set(tasks.map(({ group }) => group))];
  return (
    <section className="leadwire-tasks" aria-label="Tasks">
      <h1>Tasks</h1>
      {groups.map((group) => (
        <section key={group} aria-label={group}>
          <h2>{group}</h2>
          <ul>
            {tasks
              .filter((task) => task.group === group)
              .map((task) => (
                <li key={task.title}>
                  <button type="button" onClick={() => openTask(task)}>
                    {task.title}
                  </button>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

/** Brings a task's tab to the front; opens one where there is none, or none any more. */
function useOpenTask() {
  const tabs = useGraphiQL((state) => state.tabs);
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const { addTab, changeTab, stop } = useGraphiQLActions();
  return ({ heading, query, variables }) => {
    const index = tabs.findIndex((tab) => tab.query?.startsWith(heading));
    if (index >= 0) {
      changeTab(index);
    } else {
      stop(); // what is watched in the tab in front; changeTab does it, addTab does not
      addTab();
      queryEditor?.setValue(query);
      variableEditor?.setValue(variables);
    }
  };
}

function TasksIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 6.5l1.5 1.5L8 5M4 12.5L5.5 14 8 11M4 18.5L5.5 20 8 17M11.5 6.5H20M11.5 12.5H20M11.5 18.5H20" />
    </svg>
  );
}
