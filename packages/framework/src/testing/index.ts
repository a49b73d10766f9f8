export {};
export { clientContract, type ClientHarness, type ContractCase } from './client-contract.js';
