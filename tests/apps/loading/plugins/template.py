class {{ name }}:
