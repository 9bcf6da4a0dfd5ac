-- A Function, Configuration or Provider is healthy when the package that its spec names is unpacked, installed and running. After a
-- change of spec.package the conditions are the earlier package's for a while, and still True. Argo CD's own check shows that, and a
-- package that is being pulled as Degraded, which fails a sync that only has to wait.

local status = obj.status or {}

if status.currentIdentifier ~= obj.spec.package then
  return { status = "Progressing", message = obj.spec.package .. " is not unpacked yet" }
end

local found = {}
for _, condition in ipairs(status.conditions or {}) do
  found[condition.type] = condition
end

for _, kind in ipairs({ "Installed", "Healthy" }) do
  local condition = found[kind] or {}
  if condition.status ~= "True" then
    return { status = "Progressing", message = condition.message or ("Waiting for the condition " .. kind) }
  end
end
return { status = "Healthy", message = obj.spec.package .. " is running" }
