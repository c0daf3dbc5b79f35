{{/* The catalogue of topics, from schemas/topics.yaml. */}}
{{- define "news.catalogue" -}}
{{- .Files.Get "files/catalogue.json" -}}
{{- end -}}

{{/* What topic names begin with; as pipeline/wire/catalogue.py. */}}
{{- define "news.topicPrefix" -}}
{{- $settings := .Values.settings -}}
{{- get $settings "NEWS_KAFKA__TOPIC_PREFIX" -}}
{{- with get $settings "NEWS_LANE" -}}{{ . }}.{{- end -}}
{{- end -}}

{{/* What consumer groups begin with; as `Settings.group`. */}}
{{- define "news.groupPrefix" -}}
{{- $settings := .Values.settings -}}
{{- get $settings "NEWS_GROUP_PREFIX" -}}
{{- with get $settings "NEWS_LANE" -}}{{ . }}.{{- end -}}
{{- end -}}

{{/* The partitions of a topic, given `root` and `topic` without prefix. */}}
{{- define "news.partitions" -}}
{{- $catalogue := include "news.catalogue" .root | fromJson -}}
{{- range $catalogue.topics -}}
{{- if eq .name $.topic -}}
{{- $own := (get $.root.Values.topics.override .name | default dict).partitions -}}
{{- $own | default .partitions | default $.root.Values.topics.partitions | default $catalogue.article_partitions | int -}}
{{- end -}}
{{- end -}}
{{- end -}}
