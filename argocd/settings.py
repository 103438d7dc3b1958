"""The settings of Argo CD that this plane's sync waves need.

By default Argo CD does not check the health of Applications, so the root Application would create all
of them at once. `CONFIG` goes into the ConfigMap `argocd-cm` and `PARAMETERS` into
`argocd-cmd-params-cm`. Without them a new cluster still becomes complete, because every Application
retries until what it needs exists. They order only what the root Application creates: on later merges
each app syncs on its own, at its own time.
"""

# The check in Argo CD's manual reads the child's health alone, which is Healthy while objects are
# missing (since 3.4) or a hook still runs.
_APPLICATION_HEALTH = """\
local health = {status = "Progressing", message = "waiting for its first sync"}
local status = obj.status
if status == nil or status.health == nil or status.sync == nil then
  return health
end
local operation = status.operationState
health.message = status.health.message or ""
if status.health.status == "Degraded" then
  health.status = "Degraded"
elseif operation ~= nil and operation.phase == "Running" then
  health.message = "syncing"
elseif status.sync.status ~= "Synced" then
  health.message = "not in sync"
elseif status.health.status == "Healthy" then
  health.status = "Healthy"
end
return health
"""

CONFIG = {"resource.customizations.health.argoproj.io_Application": _APPLICATION_HEALTH}

# By default a sync waits for a wave without a limit, and takes no newer commit while it waits.
PARAMETERS = {"controller.sync.timeout.seconds": "1800"}
