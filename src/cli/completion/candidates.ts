import type { Argument, Command, Option } from 'commander';
import type { Names } from './names.js';

/** A word that may stand here, and what it is for. */
export interface Candidate {
  word: string;
  about: string;
}

/** What may stand here: words, or a file of the user's. */
export type Completion = readonly Candidate[] | 'files';

/**
 * What may follow on a command line. `words` are those after the program's name, the last the one that
 * is being typed, perhaps empty; `names` is asked only where one of them may stand. What was typed of it is not filtered for: shells do that.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  names: () => Promise<Names>,
): Promise<Completion> {
  // bash cuts `--to=staging` into three words.
  const typed = words.filter((word, index) => word !== '=' || index === words.length - 1);
  const current = (typed.at(-1) ?? '').replace(/^=$/, '');
  let command = program;
  let position = 0;
  let open: Option | undefined;
  for (const word of typed.slice(0, -1)) {
    if (open) {
      open = undefined;
    } else if (word === '--') {
      return 'files';
    } else if (word.startsWith('-')) {
      const option = optionOf(command, word);
      if (option?.required && !word.includes('=')) open = option;
    } else {
      const sub = position === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (sub) command = sub;
      else position += 1;
    }
  }
  if (open) return await valuesOf(open, names);
  const [, flag] = /^(--[^=]+)=/.exec(current) ?? [];
  const option = flag === undefined ? undefined : optionOf(command, flag);
  if (option) return joined(`${option.long ?? ''}=`, await valuesOf(option, names));
  if (current.startsWith('-')) return flagsOf(command);
  if (command.commands.length > 0 && position === 0) return commandsOf(command);
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[position] ?? (last?.variadic ? last : undefined);
  return argument ? await valuesOf(argument, names) : [];
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

/** By its choices, else by what it is called: `<pair>`, `<target>`, `<file>`. */
async function valuesOf(of: Option | Argument, names: () => Promise<Names>): Promise<Completion> {
  const { argChoices, description } = of;
  if (argChoices) return argChoices.map((word) => ({ word, about: description }));
  const name = 'flags' in of ? (/[<[]([^>\]]+)[>\]]/.exec(of.flags)?.[1] ?? '') : of.name();
  const word = name.replace(/\.\.\.$/, '');
  if (word === 'pair')
    return (await names()).pairs.map((pair) => ({ word: pair, about: 'a pair' }));
  if (word === 'target')
    return (await names()).targets.map((target) => ({ word: target, about: 'a target' }));
  if (word === 'backup') return [{ word: 'latest', about: 'the newest backup' }];
  return word === 'file' || word === 'directory' ? 'files' : [];
}

function joined(before: string, found: Completion): Completion {
  if (found === 'files') return found;
  return found.map(({ word, about }) => ({ word: before + word, about }));
}
