import type { Argument, Command, Option } from 'commander';

/** A word that may stand here, and what it is for. */
export interface Candidate {
  word: string;
  about: string;
}

/** What may stand here: words, or a file of the user's. */
export type Completion = readonly Candidate[] | 'files';

/** What names are asked for. */
export interface Wanted {
  /** What arguments and options call it: `pair`, `target`, `backup`, … */
  kind: string;
  /** The pair that was named before it. */
  pair: string | undefined;
  /** How it begins; may be empty. */
  typed: string;
}

/** Answers with names of that kind; with none when it knows none, or not the kind. */
export type Ask = (wanted: Wanted) => Promise<Completion>;

/**
 * What may follow on a command line. `words` are those after the program's name, the last the one that
 * is being typed, perhaps empty; `ask` is called only where a name may stand. Words that do not begin as
 * it does may be among them: shells leave those out.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  ask: Ask,
): Promise<Completion> {
  // bash cuts `--to=staging` into three words.
  const split = words.filter((word, index) => word !== '=' || index === words.length - 1);
  const current = (split.at(-1) ?? '').replace(/^=$/, '');
  let command = program;
  let position = 0;
  let open: Option | undefined;
  let pair: string | undefined;
  for (const word of split.slice(0, -1)) {
    if (open) {
      if (placeholderOf(open) === 'pair') pair = word;
      open = undefined;
    } else if (word === '--') {
      return 'files';
    } else if (word.startsWith('-')) {
      const option = optionOf(command, word);
      const [, value] = /^--[^=]+=(.*)$/.exec(word) ?? [];
      if (option?.required && value === undefined) open = option;
      else if (option && placeholderOf(option) === 'pair') pair = value;
    } else {
      const sub = position === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (sub) command = sub;
      else if (command.registeredArguments[position++]?.name() === 'pair') pair = word;
    }
  }
  const valuesOf = async (of: Option | Argument, typed: string): Promise<Completion> =>
    of.argChoices
      ? of.argChoices.map((word) => ({ word, about: of.description }))
      : await ask({ kind: placeholderOf(of), pair, typed });
  if (open) return await valuesOf(open, current);
  const [, flag, typed = ''] = /^(--[^=]+)=(.*)$/.exec(current) ?? [];
  const option = flag === undefined ? undefined : optionOf(command, flag);
  if (option) return joined(`${option.long ?? ''}=`, await valuesOf(option, typed));
  if (current.startsWith('-')) return flagsOf(command);
  if (command.commands.length > 0 && position === 0) return commandsOf(command);
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[position] ?? (last?.variadic ? last : undefined);
  return argument ? await valuesOf(argument, current) : [];
}

function optionOf(command: Command, word: string): Option | undefined {
  const [flag] = word.split('=');
  return command.options.find(({ short, long }) => flag === long || flag === short);
}

function flagsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => ({ word: long ?? short ?? '', about: description }));
}

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ word: one.name(), about: one.description() }));
}

/** What it is called: `pair` of `--pair <pair>`, empty when it takes no value. */
function placeholderOf(of: Option | Argument): string {
  const name = 'flags' in of ? (/[<[]([^>\]]+)[>\]]/.exec(of.flags)?.[1] ?? '') : of.name();
  return name.replace(/\.\.\.$/, '');
}

function joined(before: string, found: Completion): Completion {
  if (found === 'files') return found;
  return found.map(({ word, about }) => ({ word: before + word, about }));
}
