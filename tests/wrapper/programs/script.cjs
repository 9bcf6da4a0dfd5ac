// A program that ends by itself, and says what it can see.
console.log('arguments:', process.argv.slice(2), 'environment:', Object.keys(process.env).includes('AGENT_SIDECAR_URL'))
console.log('required:', Object.keys(require.cache).filter(file => !file.endsWith('wrapper.cjs')).length)
console.error('to stderr')
process.exitCode = 3
