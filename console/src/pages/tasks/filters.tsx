/** What of the tasks is listed. It is part of the address, so that it can be sent to somebody. */
import { useSearchParams } from "wouter";
import { useSelf } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { Select } from "../../components/select.tsx";
import { type TaskState, taskStates } from "./task-row.ts";
import styles from "./tasks.module.css";

export interface TaskFilter {
  readonly search: string;
  readonly states: readonly TaskState[];
  readonly team: string;
  readonly tag: string;
  readonly label: string;
}

export const isFiltered = ({ search, states, team, tag, label }: TaskFilter): boolean =>
  [search, team, tag, label].some((each) => each !== "") || states.length > 0;

export function useTaskFilter(): readonly [filter: TaskFilter, change: (next: Partial<TaskFilter>) => void] {
  const [params, setParams] = useSearchParams();
  const text = (name: string): string => params.get(name) ?? "";
  const chosen = text("state").split(",");
  const filter: TaskFilter = {
    search: text("search"),
    states: taskStates.filter((state) => chosen.includes(state)),
    team: text("team"),
    tag: text("tag"),
    label: text("label"),
  };
  const change = (next: Partial<TaskFilter>): void => {
    const { states, ...texts } = { ...filter, ...next };
    const given = Object.entries({ ...texts, state: states.join(",") }).filter(([, value]) => value !== "");
    setParams(Object.fromEntries(given), { replace: true });
  };
  return [filter, change];
}

interface TaskFiltersProps {
  readonly filter: TaskFilter;
  change(next: Partial<TaskFilter>): void;
}

export function TaskFilters({ filter, change }: TaskFiltersProps) {
  const { teams } = useSelf();
  const toggle = (state: TaskState): void => {
    const others = filter.states.filter((each) => each !== state);
    change({ states: others.length === filter.states.length ? [...others, state] : others });
  };
  return (
    <SearchBox label="Search tasks" value={filter.search} onChange={(search) => change({ search })}>
      <fieldset className={styles.states} aria-label="States">
        {taskStates.map((state) => (
          <Button key={state} aria-pressed={filter.states.includes(state)} onClick={() => toggle(state)}>
            {state}
          </Button>
        ))}
      </fieldset>
      {teams.length > 1 && (
        <Select
          label="Team"
          isBare
          value={filter.team}
          onChange={(event) => change({ team: event.target.value })}
          options={[{ value: "", title: "All teams" }, ...teams.map(({ name }) => ({ value: name, title: name }))]}
        />
      )}
      <span className={styles.group}>
        {(["tag", "label"] as const).map((name) => (
          <input
            key={name}
            className={styles.word}
            aria-label={`Only with the ${name}`}
            placeholder={`${name}…`}
            value={filter[name]}
            onChange={(event) => change({ [name]: event.target.value })}
          />
        ))}
      </span>
    </SearchBox>
  );
}
