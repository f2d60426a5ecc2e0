export { type PlantedBug, plantedBugs } from './planted-bugs.ts';
export { type SimulatedLives, simulateLives, type SimulationOptions } from './simulate-lives.ts';
