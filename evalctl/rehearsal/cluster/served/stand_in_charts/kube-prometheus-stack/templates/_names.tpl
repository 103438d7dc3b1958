{{- /* The chart's own labels; ServiceMonitors select Services by `app` and `release`. */ -}}
{{- define "stack.labels" -}}
app: {{ .root.Release.Name }}-{{ .part }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: kube-prometheus-stack
app.kubernetes.io/version: stand-in
chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
heritage: {{ .root.Release.Service }}
release: {{ .root.Release.Name }}
{{- end }}

{{- define "stack.metadata" -}}
name: {{ .root.Release.Name }}-{{ .part }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "stack.labels" . | nindent 2 }}
{{- end }}

{{- /* `hard` or `soft`: pods with these labels on different nodes. */ -}}
{{- define "stack.affinity" -}}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchExpressions" .expressions) }}
{{- if eq .kind "hard" }}
affinity: {{ dict "podAntiAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (list $term)) | toJson }}
{{- else if eq .kind "soft" }}
affinity: {{ dict "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" (list (dict "weight" 100 "podAffinityTerm" $term))) | toJson }}
{{- end }}
{{- end }}
