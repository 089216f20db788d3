{{- define "lineup.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "lineup.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "lineup.labels" -}}
{{ include "lineup.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* What cannot work is refused before anything is changed. */ -}}
{{- define "lineup.refuse" -}}
{{- if not .Values.database.existingSecret }}
{{- if gt (int .Values.replicas) 1 }}{{ fail "More than one replica wants PostgreSQL: set database.existingSecret." }}{{ end }}
{{- else if not .Values.keyring.existingSecret }}{{ fail "Pods on PostgreSQL need one key ring: set keyring.existingSecret (lineup make-keyring writes it)." }}
{{- end }}
{{- end }}

{{- define "lineup.pod" -}}
metadata:
  labels:
    {{- include "lineup.labels" . | nindent 4 }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  # LINEUP_DRAIN_DELAY_S and LINEUP_DRAIN_S, and a little more.
  terminationGracePeriodSeconds: 45
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.keyring.existingSecret }}
  initContainers:
    # A secret's files can be read by the pod's group; Lineup wants a ring that only its owner can read.
    - name: keyring
      image: {{ include "lineup.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [install, --mode=0600, /secret/keyring.json, /keyring/keyring.json]
      securityContext:
        {{- include "lineup.locked" . | nindent 8 }}
      volumeMounts:
        - {name: keyring-secret, mountPath: /secret, readOnly: true}
        - {name: keyring, mountPath: /keyring}
  {{- end }}
  containers:
    - name: lineup
      image: {{ include "lineup.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      env:
        # A folder of its own in the volume: Lineup is its owner, whoever the volume belongs to.
        - {name: LINEUP_DATA_DIR, value: /data/lineup}
        - {name: LINEUP_WORKERS, value: {{ .Values.workers | quote }}}
        - {name: LINEUP_DRAIN_DELAY_S, value: "5"}
        {{- if .Values.keyring.existingSecret }}
        - {name: LINEUP_KEYRING_FILE, value: /keyring/keyring.json}
        {{- end }}
        {{- with .Values.database.existingSecret }}
        - name: LINEUP_DATABASE_URL
          valueFrom:
            secretKeyRef: {name: {{ . }}, key: url}
        {{- end }}
        {{- with .Values.firstAdmin.existingSecret }}
        - name: LINEUP_ADMIN_EMAIL
          valueFrom:
            secretKeyRef: {name: {{ . }}, key: email}
        - name: LINEUP_ADMIN_PASSWORD
          valueFrom:
            secretKeyRef: {name: {{ . }}, key: password}
        {{- end }}
        {{- range $name, $value := .Values.settings }}
        - {name: {{ printf "LINEUP_%s" (upper $name) }}, value: {{ $value | toString | quote }}}
        {{- end }}
      {{- with .Values.settingsFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - {name: http, containerPort: 8484}
      startupProbe:
        httpGet: {path: /livez, port: http}
        periodSeconds: 1
        failureThreshold: 120
      livenessProbe:
        httpGet: {path: /livez, port: http}
        periodSeconds: 10
        timeoutSeconds: 3
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 2
        timeoutSeconds: 2
        failureThreshold: 1
      securityContext:
        {{- include "lineup.locked" . | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - {name: data, mountPath: /data}
        - {name: tmp, mountPath: /tmp}
        {{- if .Values.keyring.existingSecret }}
        - {name: keyring, mountPath: /keyring}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    {{- if .Values.database.existingSecret }}
    - name: data
      emptyDir: {}
    {{- end }}
    {{- with .Values.keyring.existingSecret }}
    - name: keyring
      emptyDir: {medium: Memory, sizeLimit: 1Mi}
    - name: keyring-secret
      secret: {secretName: {{ . }}, defaultMode: 0440}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "lineup.image" -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
{{- end }}

{{- define "lineup.locked" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
