{{/* The services of the release as YAML by name: each merged over `worker`. Stops where they are no valid cut. */}}
{{- define "news.services" -}}
{{- $catalogue := include "news.catalogue" . | fromJson -}}
{{- $found := dict -}}
{{- $stages := dict -}}
{{- range $name, $given := .Values.services -}}
{{- if $given -}}
{{- $service := mergeOverwrite (deepCopy $.Values.worker) (deepCopy $given) -}}
{{- if has $name (list "alert" "monitor" "search" "source-feeds" "source-http" "topics") -}}
{{- fail (printf "services.%s: the chart itself has a part of this name" $name) -}}
{{- end -}}
{{- range list "NEWS_LANE" "NEWS_GROUP_PREFIX" "NEWS_KAFKA__TOPIC_PREFIX" -}}
{{- if hasKey $service.settings . -}}
{{- fail (printf "services.%s: %s must be the same for all services; put it into settings" $name .) -}}
{{- end -}}
{{- end -}}
{{- $before := "" -}}
{{- range $stage := $service.stages -}}
{{- if hasKey $stages $stage -}}
{{- fail (printf "services.%s: stage %s is also in services.%s" $name $stage (get $stages $stage)) -}}
{{- end -}}
{{- $_ := set $stages $stage $name -}}
{{- if and $before (ne (get $catalogue.stages $before).emits (get $catalogue.stages $stage).reads) -}}
{{- fail (printf "services.%s: stage %s does not read what %s emits" $name $stage $before) -}}
{{- end -}}
{{- if and $before (has $stage (list "cluster" "sketch" "story")) -}}
{{- fail (printf "services.%s: %s must be a service of its own" $name $stage) -}}
{{- end -}}
{{- $before = $stage -}}
{{- end -}}
{{- $_ := set $found $name $service -}}
{{- end -}}
{{- end -}}
{{- if .Values.requireAllStages -}}
{{- range $stage, $_ := $catalogue.stages -}}
{{- if not (or (hasKey $stages $stage) (has $stage (list "sketch" "story"))) -}}
{{- fail (printf "no service has the stage %s; requireAllStages: false allows that" $stage) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}

{{/* The snapshots of a service: `none` for those whose stages fold no log. */}}
{{- define "news.snapshots" -}}
{{- if or (has "dedupe" .stages) (has "story" .stages) -}}{{ .snapshots.type }}{{- else -}}none{{- end -}}
{{- end -}}

{{/* The kind of a service's workload: with a volume for each worker, a StatefulSet. */}}
{{- define "news.workload" -}}
{{- if eq (include "news.snapshots" .) "persistent" -}}StatefulSet{{- else -}}Deployment{{- end -}}
{{- end -}}
