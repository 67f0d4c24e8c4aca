/** Where an administrator puts the policy of a machine; it holds for every instance that is not given another. */
export const machinePolicyFile = '/etc/bulkhead/admin-settings.json';
