// The recurrent states of a whole model: one, or a list or record of them, nested as its forward likes.
import { Tensor } from '../autograd/tensor.js';
import { OptionError } from '../errors.js';
import { show } from '../options.js';
import { RecurrentState } from './state.js';

/** What a model carries from step to step: the state of its layer, or a list or record of those of several. */
export type States = RecurrentState | readonly States[] | { readonly [name: string]: States };

/** The same structure with each state changed. `where` names who gave it, for errors. */
export function mapStates(where: string, states: unknown, change: (state: RecurrentState) => RecurrentState): States {
  if (states instanceof RecurrentState) return change(states);
  if (Array.isArray(states)) return states.map((part) => mapStates(where, part, change));
  const isRecord = typeof states === 'object' && states !== null && Object.getPrototypeOf(states) === Object.prototype;
  if (!isRecord) {
    const advice = states instanceof Tensor ? '; wrap it: new RecurrentState(tensor [1, B, size], null)' : '';
    throw new OptionError(
      `${where}: state must be a RecurrentState, or a list or record of them, got ${show(states)}${advice}`,
    );
  }
  return Object.fromEntries(Object.entries(states).map(([name, part]) => [name, mapStates(where, part, change)]));
}

/** Every state of it, in order. */
export function listStates(where: string, states: unknown): RecurrentState[] {
  const list: RecurrentState[] = [];
  mapStates(where, states, (state) => {
    list.push(state);
    return state;
  });
  return list;
}
